import { describe, fail } from "./errors.js";

/** Storage formats. `f64` exists on the CPU alone; arithmetic on the GPU is always f32. */
export type DType = "f32" | "f16" | "bf16" | "f64" | "i32" | "u32" | "i64" | "u8";

export const bytesPerElement: Readonly<Record<DType, number>> = {
  f32: 4,
  f16: 2,
  bf16: 2,
  f64: 8,
  i32: 4,
  u32: 4,
  i64: 8,
  u8: 1,
};

/** The format of that name; fails where there is none. */
export function checkDType(dtype: unknown, where: string): DType {
  if (typeof dtype === "string" && Object.hasOwn(bytesPerElement, dtype)) return dtype as DType;
  const known = Object.keys(bytesPerElement).join(", ");
  return fail("DTYPE", `${where}: dtype must be one of ${known}, got ${describe(dtype)}`);
}

export const isFloat = (dtype: DType): boolean =>
  dtype === "f32" || dtype === "f16" || dtype === "bf16" || dtype === "f64";

/** The format that data of `dtype` have once uploaded. */
export function gpuDType(dtype: DType): DType {
  if (dtype === "f64") return "f32";
  return dtype === "u8" ? "u32" : dtype;
}

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
const scratch = /* @__PURE__ */ new Float32Array(1);
const scratchBits = /* @__PURE__ */ bitsOf(scratch);

function bitsOf(array: Float32Array): Uint32Array {
  return new Uint32Array(array.buffer);
}

/** A number rounded to the nearest half, ties to even, as its bits. */
export function numberToHalf(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal halves are multiples of 2^-24: scale, then round half to even.
    const scaled = Math.abs(value) * 2 ** 24;
    const floor = Math.floor(scaled);
    const rest = scaled - floor;
    return sign | (floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0));
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** Bits of a bfloat16 number as a number. */
export function bfloatToNumber(bits: number): number {
  scratchBits[0] = bits << 16;
  return scratch[0] as number;
}

/** A number rounded to the nearest bfloat16, ties to even, as its bits. */
export function numberToBfloat(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0] as number;
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}
