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
