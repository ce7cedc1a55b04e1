// One element of an element-wise loss: what multiplies it, and its value and slopes as bits of f32.
// What depends on the loss stands beside it: the bindings, operandsAt(i) and answerOf(x), maskOf(i),
// weightOf(i), upstreamOf(i) and shareOf(i), which is 1 / denominator, and the loss's own hook.

struct Dual { value: f32, slope: f32 }
struct Dual2 { value: f32, slopes: vec2f }
struct Dual3 { value: f32, slopes: vec3f }
struct Dual4 { value: f32, slopes: vec4f }

struct Answer { value: f32, slopes: vec4f }
struct Bits { value: u32, slopes: vec4u }
struct Element { value: u32, gradients: vec4u, counts: bool }

// 2^62 stands for infinity: it has a square. Beside it a finite operand counts as at most 2^24, and
// what has grown beyond 2^30 was infinite.
const HUGE: f32 = 4.611686e18;
const FINITE: f32 = 16777216.0;
const GROWN: f32 = 1073741824.0;

// A NaN that is made while the shader runs: as a constant it would not compile.
fn notANumber() -> f32 {
  return bitcast<f32>(NAN_BITS | (params.blocks >> 31u));
}

// A 64-bit integer, exact where it fits 32 bits.
fn wideToBits(low: u32, high: u32) -> u32 {
  let fits = high == select(0u, 0xffffffffu, low >= 0x80000000u);
  let wide = f32(bitcast<i32>(high)) * 4294967296.0 + f32(low);
  return bitcast<u32>(select(wide, f32(bitcast<i32>(low)), fits));
}

fn grown(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  if (isNanBits(bits) || abs(x) < GROWN) {
    return bits;
  }
  return select(INFINITY_BITS, MINUS_INFINITY_BITS, x < 0.0);
}

// NaN and infinity never reach the hook: NaN spoils the element, and so do two infinities. One alone
// becomes so large a number that the hook gives the limit, where LIMITS has the operand's bit.
fn spoiledOrLimit(bits: vec4u) -> Bits {
  let places = vec4u(1u, 2u, 4u, 8u);
  let infinite = (bits & vec4u(0x7fffffffu)) == vec4u(INFINITY_BITS);
  let special = (bits & vec4u(INFINITY_BITS)) == vec4u(INFINITY_BITS);
  let found = select(vec4u(0u), vec4u(1u), special);
  let known = infinite & ((vec4u(LIMITS) & places) != vec4u(0u));
  if (any(special & !known) || found.x + found.y + found.z + found.w > 1u) {
    return Bits(NAN_BITS, vec4u(select(NAN_BITS, 0u, ZERO_AT_NAN)));
  }
  let finite = clamp(bitcast<vec4f>(select(bits, vec4u(0u), infinite)), vec4f(-FINITE), vec4f(FINITE));
  let signed = select(vec4f(HUGE), vec4f(-HUGE), bits >= vec4u(0x80000000u));
  let answer = answerOf(select(finite, signed, infinite));
  let slopes = answer.slopes;
  return Bits(grown(answer.value),
    vec4u(grown(slopes.x), grown(slopes.y), grown(slopes.z), grown(slopes.w)));
}

fn bitsAt(i: u32) -> Bits {
  let bits = operandsAt(i);
  let sizes = bits & vec4u(0x7fffffffu);
  let largest = max(max(sizes.x, sizes.y), max(sizes.z, sizes.w));
  if (largest >= INFINITY_BITS) {
    return spoiledOrLimit(bits);
  }
  let answer = answerOf(bitcast<vec4f>(bits));
  return Bits(bitcast<u32>(answer.value), bitcast<vec4u>(answer.slopes));
}

// factor * x, told from bits where x is not finite.
fn scaled(bits: u32, factor: f32) -> u32 {
  if (isFiniteBits(bits)) {
    return bitcast<u32>(bitcast<f32>(bits) * factor);
  }
  if (isNanBits(bits) || factor == 0.0) {
    return NAN_BITS;
  }
  return bits ^ (bitcast<u32>(factor) & 0x80000000u);
}

// A gradient that nothing is asked of is 0, whatever the slope.
fn gradientOf(bits: u32, factor: f32) -> u32 {
  return select(scaled(bits, factor), 0u, factor == 0.0);
}

fn isMasked(bits: u32) -> bool {
  return select((bits << 1u) == 0u, bits == 0u, FOLDED);
}

fn elementAt(i: u32) -> Element {
  let mask = maskOf(i);
  if (isMasked(mask)) {
    return Element(0u, vec4u(0u), false);
  }
  let factor = bitcast<f32>(mask) * weightOf(i);
  let bits = bitsAt(i);
  let value = scaled(bits.value, factor);
  if (!GRADIENT) {
    return Element(value, vec4u(0u), true);
  }
  let g = factor * upstreamOf(i) * shareOf(i);
  let slopes = bits.slopes;
  return Element(value, vec4u(gradientOf(slopes.x, g), gradientOf(slopes.y, g),
    gradientOf(slopes.z, g), gradientOf(slopes.w, g)), true);
}
