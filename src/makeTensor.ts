import { bytesPerElement, type DType, numberToBfloat, numberToHalf } from "./dtype.js";
import { describe, fail } from "./errors.js";
import { type HostArray, type HostData, hostData } from "./host.js";
import { fromForeign, isGpuBuffer } from "./interop.js";
import {
  type BufferRange,
  checkShape,
  type GpuOwner,
  reshape,
  sizeOf,
  Tensor,
  type TensorLike,
} from "./tensor.js";

export interface TensorOptions {
  /** Storage format; needed for raw buffers, and for f16 or bf16 bits in a Uint16Array. */
  readonly dtype?: DType;
  /** The backend that owns a raw buffer's device, so that the tensor can be read. */
  readonly backend?: object;
}

function checkRange(range: BufferRange, shape: readonly number[], dtype: DType): number {
  const offset = range.offset ?? 0;
  const bytes = sizeOf(shape) * bytesPerElement[dtype];
  const unit = bytesPerElement[dtype];
  if (!Number.isSafeInteger(offset) || offset < 0 || offset % unit !== 0) {
    fail("OPTION", `tensor: offset must be a multiple of ${unit} bytes, got ${describe(offset)}`);
  }
  const room = range.size ?? range.buffer.size - offset;
  if (bytes > room || offset + bytes > range.buffer.size) {
    fail(
      "SHAPE_MISMATCH",
      `tensor: shape [${shape}] of ${dtype} takes ${bytes} bytes from ${offset}, the buffer has ${room}`,
    );
  }
  return bytes;
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
  if (data instanceof Tensor && !shape) return data;
  const range = isGpuBuffer(data)
    ? { buffer: data }
    : isGpuBuffer((data as BufferRange | null)?.buffer)
      ? (data as BufferRange)
      : undefined;
  if (range) {
    const extents = checkShape(shape ?? fail("SHAPE_MISMATCH", NEEDS_SHAPE), "tensor");
    const dtype = checkDType(options.dtype ?? "f32");
    const bytes = checkRange(range, extents, dtype);
    const owner = options.backend as GpuOwner | undefined;
    const offset = range.offset ?? 0;
    return new Tensor(extents, dtype, { kind: "gpu", buffer: range.buffer, offset, bytes, owner });
  }
  const host = hostData(data, "tensor: data", options.dtype && checkDType(options.dtype));
  if (!host) {
    const foreign = data instanceof Tensor ? data : fromForeign(data);
    if (!foreign) fail("DTYPE", `tensor: cannot read ${describe(data)}; see TensorLike`);
    return shape ? reshape(foreign, checkShape(shape, "tensor")) : foreign;
  }
  const inferred = host.shape ?? [host.data.length];
  const extents = shape ? checkShape(shape, "tensor") : [...inferred];
  return fromHostData(host, extents, options.dtype);
}

const NEEDS_SHAPE = "tensor: a GPUBuffer needs its shape, as in tensor(buffer, [rows, columns])";

function checkDType(dtype: DType): DType {
  if (Object.hasOwn(bytesPerElement, dtype)) return dtype;
  const known = Object.keys(bytesPerElement).join(", ");
  return fail("DTYPE", `tensor: dtype must be one of ${known}, got ${describe(dtype)}`);
}

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

/** Plainly asked-for conversions: numbers to any float format, whole numbers to integers. */
function convert({ data, dtype: from }: HostData, to: DType): HostArray {
  const values = data as Float64Array;
  if (to === "f32") return Float32Array.from(values, Number);
  if (to === "f64") return Float64Array.from(values, Number);
  if (from === "f64" || from === "f32") {
    if (to === "f16") return Uint16Array.from(values, numberToHalf);
    if (to === "bf16") return Uint16Array.from(values, numberToBfloat);
  }
  if (to !== "f16" && to !== "bf16") {
    if (!values.every((value) => Number.isInteger(Number(value)))) {
      fail("DTYPE", `tensor: dtype "${to}" needs whole numbers`);
    }
    if (to === "i32") return Int32Array.from(values, Number);
    if (to === "u32") return Uint32Array.from(values, Number);
    if (to === "u8") return Uint8Array.from(values, Number);
    if (to === "i64") return BigInt64Array.from(Array.from(values, BigInt));
  }
  return fail("DTYPE", `tensor: cannot turn ${from} data into dtype "${to}"`);
}
