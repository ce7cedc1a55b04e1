// The two formats of 16 bits that JavaScript has no arrays for everywhere.

/** Bits of a half-precision number as a number. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent
    ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024)
    : sign * 2 ** -24 * fraction;
}

// Marked pure, so that a bundle without half formats drops them.
export const scratch = /* @__PURE__ */ new Float32Array(1);
export const scratchBits = /* @__PURE__ */ bitsOf(scratch);

function bitsOf(array: Float32Array): Uint32Array {
  return new Uint32Array(array.buffer);
}

/** Bits of a bfloat16 number as a number. */
export function bfloatToNumber(bits: number): number {
  scratchBits[0] = bits << 16;
  return scratch[0] as number;
}
