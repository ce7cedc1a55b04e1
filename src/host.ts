import type { DType } from "./dtype.js";
import { describe, fail } from "./errors.js";

export type HostArray =
  | Float32Array
  | Float64Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | Uint8Array;

/** Data in CPU memory. `shape` is undefined for a flat array, whose shape the loss infers. */
export interface HostData {
  readonly data: HostArray;
  readonly dtype: DType;
  readonly shape: readonly number[] | undefined;
}

/** Nested lists of numbers, as deep as the tensor has axes. */
export type NestedNumbers = readonly (number | bigint | boolean | NestedNumbers)[];

type AnyTyped = ArrayBufferView & { readonly length: number; slice(): AnyTyped };

/** The constructor's name from the internal slot: a Proxy or a look-alike object has none. */
const brand = /* @__PURE__ */ (() => {
  const base = Object.getPrototypeOf(Uint8Array.prototype);
  return Object.getOwnPropertyDescriptor(base, Symbol.toStringTag)?.get as () => string | undefined;
})();

function isDetached(buffer: ArrayBufferLike): boolean {
  if ("detached" in buffer) return buffer.detached as boolean;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** Shared and resizable memory can change between the check and the upload: copy it first. */
function stable<T extends AnyTyped>(array: T, where: string): T {
  const buffer = array.buffer as ArrayBufferLike & { resizable?: boolean };
  const shared = typeof SharedArrayBuffer !== "undefined" && buffer instanceof SharedArrayBuffer;
  if (!shared && !buffer.resizable) return array;
  try {
    return array.slice() as T;
  } catch (cause) {
    return fail("DTYPE", `${where} is an array whose memory shrank below its end`, cause);
  }
}

const halves = (array: AnyTyped): Uint16Array =>
  new Uint16Array(array.buffer, array.byteOffset, array.length);

function fromTyped(value: AnyTyped, where: string, dtype?: DType): Omit<HostData, "shape"> {
  if (isDetached(value.buffer)) {
    fail("DTYPE", `${where} is a detached array: its memory was transferred away`);
  }
  const kind = brand.call(value);
  if (!kind) fail("DTYPE", `${where} is a view, expected a typed array of numbers`);
  const array = stable(value, where);
  const as16 = dtype === "f16" || dtype === "bf16";
  switch (kind) {
    case "Float32Array":
      return { data: array as Float32Array, dtype: "f32" };
    case "Float64Array":
      return { data: array as Float64Array, dtype: "f64" };
    case "Float16Array":
      return { data: halves(array), dtype: "f16" };
    case "Int32Array":
      return { data: array as Int32Array, dtype: "i32" };
    case "Uint32Array":
      return { data: array as Uint32Array, dtype: "u32" };
    case "BigInt64Array":
      return { data: array as BigInt64Array, dtype: "i64" };
    case "Uint16Array":
      if (as16) return { data: array as Uint16Array, dtype };
      return { data: Uint32Array.from(array as Uint16Array), dtype: "u32" };
    case "Uint8Array":
    case "Uint8ClampedArray":
      return { data: new Uint8Array(array.buffer, array.byteOffset, array.length), dtype: "u8" };
    case "Int8Array":
    case "Int16Array":
      return { data: Int32Array.from(array as Int16Array), dtype: "i32" };
  }
  return fail("DTYPE", `${where} is a ${kind}, which is not read here`);
}

function nestedShape(value: NestedNumbers, where: string): number[] {
  const shape: number[] = [];
  for (let level: unknown = value; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (shape.length > 16) fail("SHAPE_MISMATCH", `${where} is nested deeper than 16 lists`);
  }
  return shape;
}

function flatten(value: NestedNumbers, where: string): HostData {
  const shape = nestedShape(value, where);
  const size = shape.reduce((product, extent) => product * extent, 1);
  const out = new Float64Array(size);
  let at = 0;
  const visit = (level: unknown, axis: number): void => {
    if (axis === shape.length) {
      const kind = typeof level;
      if (kind !== "number" && kind !== "boolean" && kind !== "bigint") {
        fail("DTYPE", `${where} holds ${describe(level)} at index ${at}, expected numbers`);
      }
      out[at++] = Number(level);
    } else if (Array.isArray(level) && level.length === shape[axis]) {
      for (const item of level) visit(item, axis + 1);
    } else {
      fail("SHAPE_MISMATCH", `${where} is a ragged list: expected shape [${shape}] throughout`);
    }
  };
  visit(value, 0);
  return { data: out, dtype: "f64", shape };
}

/** Reads typed arrays, lists of numbers and plain numbers; undefined when `value` is none of them. */
export function hostData(value: unknown, where: string, dtype?: DType): HostData | undefined {
  if (typeof value === "number" || typeof value === "boolean") {
    return { data: Float64Array.of(Number(value)), dtype: "f64", shape: [] };
  }
  if (Array.isArray(value)) return flatten(value as NestedNumbers, where);
  if (!ArrayBuffer.isView(value)) return undefined;
  return { ...fromTyped(value as AnyTyped, where, dtype), shape: undefined };
}
