import { bytesPerElement, type DType } from "./dtype.js";
import { describe, fail } from "./errors.js";
import { checkGpuDType } from "./interop.js";
import { type BufferRange, type GpuOwner, sizeOf, Tensor } from "./tensor.js";

/** A range of a caller's buffer as a tensor; `owner` is who can read it. */
export function bufferTensor(
  { buffer, offset = 0, size }: BufferRange,
  shape: readonly number[],
  dtype: DType,
  owner?: GpuOwner,
): Tensor {
  checkGpuDType(dtype, "tensor: a GPUBuffer");
  const unit = bytesPerElement[dtype];
  const bytes = sizeOf(shape) * unit;
  if (!Number.isSafeInteger(offset) || offset < 0 || offset % unit !== 0) {
    fail("OPTION", `tensor: offset must be a multiple of ${unit} bytes, got ${describe(offset)}`);
  }
  const room = size ?? buffer.size - offset;
  if (bytes > room || offset + bytes > buffer.size) {
    fail(
      "SHAPE_MISMATCH",
      `tensor: shape [${shape}] of ${dtype} takes ${bytes} bytes from ${offset}, the buffer has ${room}`,
    );
  }
  return new Tensor(shape, dtype, { kind: "gpu", buffer, offset, bytes, owner });
}
