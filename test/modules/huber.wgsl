// huber
const LANES = 256u;
const GRADIENT = true;
const FOLDED = false;
const LIMITS = 3u;
const ZERO_AT_NAN = false;
const SEGMENTED = false;
const PAIRED = false;
struct Params {
  gridWidth: u32,
  first: u32,
  count: u32,
  block: u32,
  blocks: u32,
  firstBlock: u32,
  segmentLength: u32,
  predictionsStart: u32,
  targetsStart: u32,
  predictionsGradientStart: u32,
  targetsGradientStart: u32,
  sumsStart: u32,
  denominator: f32,
  upstream: f32,
  delta: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
// Numbers, bit by bit and function by function. WGSL promises little about NaN, infinity and
// subnormals, and its log and tanh lose digits just where a loss needs them; so special values are
// recognised on raw bits, and what is stated here was measured against float64 (error in ulp of the
// result unless it says absolute).

const LOWEST: f32 = -3.4028234e38;
const LOG2E: f32 = 1.442695041;
const NAN_BITS: u32 = 0x7fc00000u;
const INFINITY_BITS: u32 = 0x7f800000u;
const MINUS_INFINITY_BITS: u32 = 0xff800000u;

// Tint gives a 64-bit counter of trips to every loop but one that steps by 1 to a constant.
const ENDLESS: u32 = 0xffffffffu;

// `x != x` is false for NaN on three of four stacks: only the bits tell.
fn isNanBits(bits: u32) -> bool {
  return (bits & 0x7fffffffu) > INFINITY_BITS;
}

fn isFiniteBits(bits: u32) -> bool {
  return (bits & 0x7fffffffu) < INFINITY_BITS;
}

// log(1 + x) for x >= 0. log alone is only 2^-21 absolute near 1: no digit is left of log1p(1e-7).
fn log1p(x: f32) -> f32 {
  let s = x / (2.0 + x);
  let q = s * s;
  let series = 2.0 * s * (1.0 + q * (0.33333334 + q * (0.2 + q * (0.14285715 + q * 0.11111111))));
  return select(log(1.0 + x), series, x < 0.5);
}

// The builtin may be off by 1e-5 and is NaN at 100 on SwiftShader. Polynomial near 0: Cephes tanhf.
fn tanhSafe(x: f32) -> f32 {
  let a = abs(x);
  let q = x * x;
  let t = exp(-2.0 * min(a, 20.0));
  let far = (1.0 - t) / (1.0 + t);
  let near = x + x * q * (-0.33333282 + q * (0.13331442 + q * (-0.053739716
    + q * (0.020639089 + q * -0.0057049887))));
  return select(select(far, -far, x < 0.0), near, a < 0.625);
}

// f16 bits (low half of `half`) to f32 bits. Integers only: unpack2x16float may flush subnormals.
fn f16ToBits(half: u32) -> u32 {
  let magnitude = half & 0x7fffu;
  let tiny = bitcast<u32>(f32(magnitude) * 5.9604645e-8);
  let bits = (magnitude << 13u) + select(0x38000000u, 0x70000000u, magnitude >= 0x7c00u);
  return ((half & 0x8000u) << 16u) | select(bits, tiny, magnitude < 0x400u);
}

// bf16 is the upper half of an f32.
fn bf16ToBits(half: u32) -> u32 {
  return half << 16u;
}

// Numbers to be stored in 16 bits.

// f32 bits to f16 bits, to nearest even. pack2x16float turns 70000 into NaN on SwiftShader.
fn bitsToF16(bits: u32) -> u32 {
  let a = bits & 0x7fffffffu;
  let rebased = a - 0x38000000u;
  let normal = (rebased + 0xfffu + ((rebased >> 13u) & 1u)) >> 13u;
  let tiny = u32(round(bitcast<f32>(min(a, 0x38800000u)) * 16777216.0));
  let finite = select(normal, tiny, a < 0x38800000u);
  let large = select(0x7c00u, 0x7e00u, a > INFINITY_BITS);
  return ((bits >> 16u) & 0x8000u) | select(finite, large, a >= 0x477ff000u);
}

// NaN must not round to infinity.
fn bitsToBf16(bits: u32) -> u32 {
  let rounded = (bits + 0x7fffu + ((bits >> 16u) & 1u)) >> 16u;
  return select(rounded, (bits >> 16u) | 0x40u, isNanBits(bits));
}

// Sums of numbers given as bits of f32. NaN and infinity never enter the arithmetic: flags stand for
// them, so that the answer does not depend on what a device makes of them.

struct Sum { value: f32, flags: u32, nonFinite: u32, count: u32 }

alias Part = Sum;

const SAW_NAN: u32 = 1u;
const SAW_PLUS: u32 = 2u;
const SAW_MINUS: u32 = 4u;

fn nothing() -> Sum {
  return Sum(0.0, 0u, 0u, 0u);
}

fn joined(a: Sum, b: Sum) -> Sum {
  return Sum(a.value + b.value, a.flags | b.flags, a.nonFinite + b.nonFinite, a.count + b.count);
}

// One number as a sum of its own.
fn summand(bits: u32) -> Sum {
  let magnitude = bits & 0x7fffffffu;
  let isNumber = magnitude < INFINITY_BITS;
  let infinite = select(SAW_PLUS, SAW_MINUS, bits >= 0x80000000u);
  let odd = select(infinite, SAW_NAN, magnitude > INFINITY_BITS);
  return Sum(bitcast<f32>(select(0u, bits, isNumber)), select(odd, 0u, isNumber),
    select(1u, 0u, isNumber), 1u);
}

// What the sum of all numbers is: infinite after one infinity, NaN after two of different sign.
fn bitsOf(sum: Sum) -> u32 {
  let both = (sum.flags & (SAW_PLUS | SAW_MINUS)) == (SAW_PLUS | SAW_MINUS);
  let infinite = select(INFINITY_BITS, MINUS_INFINITY_BITS, (sum.flags & SAW_MINUS) != 0u);
  let odd = select(select(infinite, NAN_BITS, both), NAN_BITS, (sum.flags & SAW_NAN) != 0u);
  return select(odd, bitcast<u32>(sum.value), sum.flags == 0u);
}

// The sum over all lanes of a workgroup, in a fixed order; every lane must call it, once.

var<workgroup> lanes: array<Part, LANES>;

fn sumOfLanes(lane: u32, own: Part) -> Part {
  lanes[lane] = own;
  workgroupBarrier();  // without it a lane reads its neighbour's sum before it is written
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) {
      lanes[lane] = joined(lanes[lane], lanes[lane + reach]);
    }
    workgroupBarrier();  // the next, narrower step reads what this one wrote
  }
  return lanes[0];
}

@group(0) @binding(1) var<storage, read> predictions: array<u32>;  // (elements)
@group(0) @binding(2) var<storage, read> targets: array<u32>;  // (elements)
@group(0) @binding(3) var<storage, read_write> predictionsGradient: array<u32>;  // (elements)
@group(0) @binding(4) var<storage, read_write> targetsGradient: array<u32>;  // (elements)
@group(0) @binding(5) var<storage, read_write> sums: array<u32>;  // (blocks, 4)
fn maskOf(i: u32) -> u32 {
  return 0x3f800000u;
}
fn weightOf(i: u32) -> f32 {
  return 1.0;
}
fn upstreamOf(i: u32) -> f32 {
  return params.upstream;
}
fn shareOf(i: u32) -> f32 {
  if (params.denominator == 0.0) {
    return 0.0;
  }
  return 1.0 / params.denominator;
}
fn predictionsBits(i: u32) -> u32 {
  let at = params.predictionsStart + i;
  return predictions[at];
}
fn targetsBits(i: u32) -> u32 {
  let at = params.targetsStart + i;
  return targets[at];
}
fn operandsAt(i: u32) -> vec4u {
  return vec4u(predictionsBits(i), targetsBits(i), 0u, 0u);
}
fn answerOf(x: vec4f) -> Answer {
  let dual = loss(x.x, x.y);
  return Answer(dual.value, vec4f(dual.slopes, 0.0, 0.0));
}
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


    fn loss(prediction: f32, label: f32) -> Dual2 {
      let r = prediction - label;
      let slope = clamp(r, -params.delta, params.delta);
      return Dual2(slope * (r - 0.5 * slope), vec2f(slope, -slope));
    }
fn oddness() -> u32 {
  return 0u;
}
fn keep(i: u32, element: Element) {
  predictionsGradient[params.predictionsGradientStart + i] = element.gradients.x;
  targetsGradient[params.targetsGradientStart + i] = element.gradients.y;
}
fn keepWord(unit: u32, has: vec2<bool>, low: Element, high: Element) {
}
fn keepSum(block: u32, sum: Sum) {
  let word = block * 4u;
  sums[word] = bitcast<u32>(sum.value);
  sums[word + 1u] = sum.flags;
  sums[word + 2u] = sum.nonFinite;
  sums[word + 3u] = sum.count;
}
// Goes over the elements once: stores losses and gradients, and leaves one sum for each block. Where
// 16-bit inputs are overwritten, a lane owns a whole word, so that no word has two writers.

fn visit(i: u32) -> Element {
  if (i >= params.count) {
    return Element(0u, vec4u(0u), false);
  }
  let element = elementAt(i);
  keep(i, element);
  return element;
}

fn termOf(i: u32, element: Element) -> Sum {
  if (!element.counts) {
    return nothing();
  }
  var term = summand(element.value);
  if (SEGMENTED) {
    term.value *= shareOf(i);
  }
  return term;
}

fn visitUnit(unit: u32) -> Sum {
  if (!PAIRED) {
    return termOf(unit, visit(unit));
  }
  // The low half may lie before the first element (i wraps then), the high one behind the last.
  let i = unit * 2u - oddness();
  let low = visit(i);
  let high = visit(i + 1u);
  keepWord(unit, vec2<bool>(i < params.count, i + 1u < params.count), low, high);
  return joined(termOf(i, low), termOf(i + 1u, high));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = group.y * params.gridWidth + group.x;
  let begin = block * params.block;
  let units = select(params.count, (params.count + oddness() + 1u) / 2u, PAIRED);
  let end = min(begin + params.block, units);
  var own = nothing();
  // Chunks of 32 a lane: one running sum over a whole block drifts by 1e-5.
  for (var chunk = begin; chunk < end; chunk += LANES * 32u) {
    var part = nothing();
    let stop = min(chunk + LANES * 32u, end);
    for (var unit = chunk + lane; unit < stop; unit += LANES) {
      part = joined(part, visitUnit(unit));
    }
    own = joined(own, part);
  }
  let sum = sumOfLanes(lane, own);
  if (lane == 0u && block < params.blocks) {
    keepSum(params.firstBlock + block, sum);
  }
}
