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
