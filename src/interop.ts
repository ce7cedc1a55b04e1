import { bytesPerElement, type DType } from "./dtype.js";
import { fail } from "./errors.js";
import { hostData } from "./host.js";
import { type BufferRange, checkShape, sizeOf, Tensor } from "./tensor.js";

/** Recognised by its members, because a device of another realm (iframe, Deno, Node) has another class. */
export function isGpuBuffer(value: unknown): value is GPUBuffer {
  return typeof value === "object" && value !== null && "mapState" in value && "usage" in value;
}

/** A buffer, alone or with its range; undefined for anything else. */
export function bufferRange(value: unknown): BufferRange | undefined {
  if (isGpuBuffer(value)) return { buffer: value };
  // A tensor of ours has a buffer too, but knows its own shape.
  if (typeof value !== "object" || value === null || value instanceof Tensor) return undefined;
  try {
    return isGpuBuffer((value as BufferRange).buffer) ? (value as BufferRange) : undefined;
  } catch {
    // A Proxy of a typed array: its `buffer` throws.
    return undefined;
  }
}

/** What only CPU memory can hold: kernels read words of 32 bits, and halves of them. */
export function checkGpuDType(dtype: DType, where: string): void {
  if (dtype !== "u8" && dtype !== "f64") return;
  const use = dtype === "u8" ? "u32" : "f32";
  fail("DTYPE", `${where} of dtype ${dtype} cannot lie on the GPU: use ${use}`);
}

const foreignDTypes: Readonly<Record<string, DType>> = {
  float32: "f32",
  float16: "f16",
  float64: "f64",
  int32: "i32",
  uint32: "u32",
  int64: "i64",
  uint8: "u8",
  bool: "u8",
};

interface Foreign {
  readonly ort_tensor?: Foreign;
  readonly dims?: readonly number[];
  readonly shape?: readonly number[];
  readonly type?: string;
  readonly dtype?: unknown;
  readonly location?: string;
  readonly gpuBuffer?: GPUBuffer;
  readonly data?: unknown;
  readonly gpuBufferSync?: () => GPUBuffer;
  readonly dataToGPU?: () => { buffer: GPUBuffer; tensorRef: { dispose(): void } };
  readonly dataSync?: () => ArrayBufferView;
}

/** A tensor of ONNX Runtime, transformers.js, TensorFlow.js or jax-js as ours, without a copy; undefined if it is none. */
export function fromForeign(value: unknown, where: string): Tensor | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const foreign = (value as Foreign).ort_tensor ?? (value as Foreign);
  const given = foreign.dims ?? foreign.shape;
  if (!Array.isArray(given)) return undefined;
  const shape = checkShape(given, where);
  const name = String(foreign.type ?? foreign.dtype);
  const dtype = foreignDTypes[name];
  if (!dtype) fail("DTYPE", `${where} is another library's tensor of type ${name}, not read here`);
  const gpu = foreignBuffer(foreign);
  const size = sizeOf(shape);
  if (gpu) {
    const { buffer, release } = gpu;
    checkGpuDType(dtype, `${where} is another library's tensor, which`);
    const bytes = size * bytesPerElement[dtype];
    if (bytes > buffer.size)
      tooShort(where, shape, `${bytes} bytes`, `its buffer has ${buffer.size}`);
    const storage = { kind: "gpu", buffer, offset: 0, bytes, owner: undefined } as const;
    return new Tensor(shape, dtype, release ? { ...storage, release } : storage);
  }
  const data = hostData(foreign.dataSync?.() ?? foreign.data, where, dtype);
  if (!data) return undefined;
  const { length } = data.data;
  if (length !== size) tooShort(where, shape, `${size} elements`, `its data has ${length}`);
  return new Tensor(shape, data.dtype, { kind: "host", data: data.data });
}

function tooShort(where: string, shape: readonly number[], expected: string, got: string): never {
  return fail(
    "SHAPE_MISMATCH",
    `${where} is another library's tensor of shape [${shape}], which needs ${expected}; ${got}`,
  );
}

function foreignBuffer(foreign: Foreign): { buffer: GPUBuffer; release?: () => void } | undefined {
  // ONNX Runtime's getter throws when the data are elsewhere, so ask for the place first.
  if (foreign.location === "gpu-buffer" && foreign.gpuBuffer) return { buffer: foreign.gpuBuffer };
  if (foreign.gpuBufferSync) return { buffer: foreign.gpuBufferSync() };
  if (!foreign.dataToGPU) return undefined;
  try {
    const { buffer, tensorRef } = foreign.dataToGPU();
    return { buffer, release: () => tensorRef.dispose() };
  } catch {
    // TensorFlow.js keeps small results on the CPU and says so by throwing.
    return undefined;
  }
}
