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
