import { bufferTensor } from "./bufferTensor.js";
import { checkDType, type DType, isFloat } from "./dtype.js";
import { describe, fail } from "./errors.js";
import { type HostArray, type HostData, hostData } from "./host.js";
import { bufferRange, fromForeign } from "./interop.js";
import { checkNames } from "./options.js";
import {
  type BufferRange,
  checkShape,
  decode,
  type GpuOwner,
  reshape,
  sizeOf,
  Tensor,
  type TensorLike,
} from "./tensor.js";
import { numberToBfloat, numberToHalf } from "./toHalves.js";

export interface TensorOptions {
  /** Storage format; needed for raw buffers, and for f16 or bf16 bits in a Uint16Array. */
  readonly dtype?: DType;
  /** The backend that owns a raw buffer's device, so that the tensor can be read. */
  readonly backend?: object;
}

/**
 * Gives data a shape and a storage format. Arrays are wrapped, not copied; GPU buffers stay the caller's.
 * @example
 * const logits = tensor(new Float32Array(6), [2, 3]);
 */
export function tensor(
  data: TensorLike | GPUBuffer | BufferRange,
  shape?: readonly number[],
  options: TensorOptions = {},
): Tensor {
  checkNames("tensor", options, ["dtype", "backend"]);
  if (data instanceof Tensor && !shape) return data;
  const range = bufferRange(data);
  if (range) {
    const extents = checkShape(shape ?? fail("SHAPE_MISMATCH", NEEDS_SHAPE), "tensor");
    const dtype = checkDType(options.dtype ?? "f32", "tensor");
    return bufferTensor(range, extents, dtype, options.backend as GpuOwner | undefined);
  }
  const host = hostData(data, "tensor: data", options.dtype && checkDType(options.dtype, "tensor"));
  if (!host) {
    const foreign = data instanceof Tensor ? data : fromForeign(data, "tensor: data");
    if (!foreign) fail("DTYPE", `tensor: cannot read ${describe(data)}; see TensorLike`);
    return shape ? reshape(foreign, checkShape(shape, "tensor")) : foreign;
  }
  const inferred = host.shape ?? [host.data.length];
  const extents = shape ? checkShape(shape, "tensor") : [...inferred];
  return fromHostData(host, extents, options.dtype);
}

const NEEDS_SHAPE = "tensor: a GPUBuffer needs its shape, as in tensor(buffer, [rows, columns])";

function fromHostData(host: HostData, shape: readonly number[], dtype?: DType): Tensor {
  if (host.data.length !== sizeOf(shape)) {
    fail(
      "SHAPE_MISMATCH",
      `tensor: shape [${shape}] has ${sizeOf(shape)} elements, the data has ${host.data.length}`,
    );
  }
  if (!dtype || dtype === host.dtype) {
    return new Tensor(shape, host.dtype, { kind: "host", data: host.data });
  }
  return new Tensor(shape, dtype, { kind: "host", data: convert(host, dtype) });
}

const integerRange = {
  u8: [0, 255],
  u32: [0, 2 ** 32 - 1],
  i32: [-(2 ** 31), 2 ** 31 - 1],
  i64: [-(2 ** 63), 2 ** 63 - 1024],
} as const;
const isWhole = (value: number | bigint): boolean => Number.isInteger(Number(value));

/** Plainly asked-for conversions: numbers to any float format, whole numbers to integers. */
function convert({ data, dtype: from }: HostData, to: DType): HostArray {
  const values = decode(data, from) as Float64Array;
  if (to === "f32") return Float32Array.from(values, Number);
  if (to === "f64") return Float64Array.from(values, Number);
  if (isFloat(from)) {
    if (to === "f16") return Uint16Array.from(values, numberToHalf);
    if (to === "bf16") return Uint16Array.from(values, numberToBfloat);
  }
  if (to !== "f16" && to !== "bf16") {
    const [low, high] = integerRange[to];
    const at = values.findIndex((value) => !(value >= low && value <= high && isWhole(value)));
    if (at >= 0) {
      const range = `whole numbers from ${low} to ${high}`;
      fail("DTYPE", `tensor: dtype "${to}" needs ${range}, got ${values[at]} at index ${at}`);
    }
    if (to === "i32") return Int32Array.from(values, Number);
    if (to === "u32") return Uint32Array.from(values, Number);
    if (to === "u8") return Uint8Array.from(values, Number);
    if (to === "i64") return BigInt64Array.from(Array.from(values, BigInt));
  }
  return fail("DTYPE", `tensor: cannot turn ${from} data into dtype "${to}"`);
}
