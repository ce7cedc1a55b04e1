import type { DType } from "./dtype.js";
import { describe, fail } from "./errors.js";
import { bfloatToNumber, halfToNumber } from "./halves.js";
import type { HostArray, NestedNumbers } from "./host.js";

/** Where a tensor's numbers lie: in CPU memory, or in a range of a GPU buffer. */
export type Storage = HostStorage | GpuStorage;

export interface HostStorage {
  readonly kind: "host";
  readonly data: HostArray;
}

export interface GpuStorage {
  readonly kind: "gpu";
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
  /** The backend that can read it; absent on a caller's buffer that no backend was named for. */
  readonly owner: GpuOwner | undefined;
  /** Gives the memory back; absent when the caller owns the buffer. */
  readonly release?: () => void;
  /** Runs before the first value is handed out: throws what only the GPU could see. */
  readonly verdict?: (status: Uint32Array) => void;
  /** Rejects where WebGPU refused the work that was to fill it. */
  readonly failure?: Promise<void>;
  /** Filled in less time than a browser lets pass before it looks whether it is: reading asks it to. */
  readonly isShort?: boolean;
  readonly status?: { readonly buffer: GPUBuffer; readonly offset: number };
}

export interface GpuOwner {
  readonly kind: "webgpu";
  readonly device: GPUDevice;
  download(storage: GpuStorage): Promise<ArrayBuffer>;
}

/** What a raw buffer needs beside it, or another library's tensor that knows it all. */
export interface BufferRange {
  readonly buffer: GPUBuffer;
  readonly offset?: number;
  readonly size?: number;
}

/** Anything that a loss reads: arrays, tensors of this library, and tensors of others by their shape of methods. */
export type TensorLike =
  | Tensor
  | ArrayBufferView
  | NestedNumbers
  | number
  | { readonly dims: readonly number[] }
  | { readonly shape: readonly number[] };

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, extent) => product * extent, 1);

/** A checked copy of a shape: whole, non-negative extents whose product is a safe integer. */
export function checkShape(shape: unknown, where: string): number[] {
  if (!Array.isArray(shape)) {
    fail("SHAPE_MISMATCH", `${where}: the shape must be a list of extents, got ${describe(shape)}`);
  }
  for (const extent of shape) {
    if (!Number.isSafeInteger(extent) || extent < 0) {
      fail("SHAPE_MISMATCH", `${where}: the shape [${shape}] holds ${describe(extent)}`);
    }
  }
  if (!Number.isSafeInteger(sizeOf(shape) * 8)) {
    fail("LIMIT_EXCEEDED", `${where}: the shape [${shape}] has more elements than memory can have`);
  }
  return [...shape];
}

const disposeKey: symbol | undefined = (Symbol as { dispose?: symbol }).dispose;

/** Numbers with a shape and a storage format, on the CPU or on the GPU. Made by `tensor` and by every loss. */
export class Tensor {
  readonly shape: readonly number[];
  readonly dtype: DType;
  #storage: Storage | undefined;
  constructor(shape: readonly number[], dtype: DType, storage: Storage) {
    this.shape = shape;
    this.dtype = dtype;
    this.#storage = storage;
    if (disposeKey) Object.defineProperty(this, disposeKey, { value: () => this.destroy() });
  }

  /** How many elements it has. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** The GPU buffer that holds it, from byte `offset`; undefined on the CPU. */
  get buffer(): GPUBuffer | undefined {
    return this.storage.kind === "gpu" ? (this.storage as GpuStorage).buffer : undefined;
  }

  /** Where in `buffer` it begins, in bytes. */
  get offset(): number {
    return this.storage.kind === "gpu" ? (this.storage as GpuStorage).offset : 0;
  }

  /** Whether destroy() was called. */
  get isDestroyed(): boolean {
    return this.#storage === undefined;
  }

  /** Where the numbers lie; throws once the tensor is destroyed. */
  get storage(): Storage {
    return this.#storage ?? fail("DISPOSED", `tensor of shape [${this.shape}] was destroyed`);
  }

  /** Copies the numbers out: Float32Array for f32, f16 and bf16, Float64Array for f64, integer arrays for integers. */
  async read(): Promise<Float32Array | Float64Array | Int32Array | Uint32Array | BigInt64Array> {
    const storage = this.storage;
    if (storage.kind === "host") return decode(storage.data.slice() as HostArray, this.dtype);
    if (!storage.owner) {
      fail("UNSUPPORTED", "tensor: reading your own GPUBuffer needs `tensor(…, { backend })`");
    }
    const bytes = await storage.owner.download(storage);
    return decode(typedView(bytes, this.dtype, this.size), this.dtype);
  }

  /** The one number of a one-element tensor. */
  async item(): Promise<number> {
    if (this.size !== 1) {
      fail("SHAPE_MISMATCH", `tensor.item() needs one element, the shape is [${this.shape}]`);
    }
    return Number((await this.read())[0]);
  }

  /** Frees what this library allocated; a caller's own buffer is only let go of. */
  destroy(): void {
    const storage = this.#storage;
    this.#storage = undefined;
    if (storage?.kind === "gpu") storage.release?.();
  }
}

function typedView(bytes: ArrayBuffer, dtype: DType, size: number): HostArray {
  switch (dtype) {
    case "f32":
      return new Float32Array(bytes, 0, size);
    case "f64":
      return new Float64Array(bytes, 0, size);
    case "i32":
      return new Int32Array(bytes, 0, size);
    case "u32":
      return new Uint32Array(bytes, 0, size);
    case "i64":
      return new BigInt64Array(bytes, 0, size);
    case "u8":
      return new Uint8Array(bytes, 0, size);
    case "f16":
    case "bf16":
      return new Uint16Array(bytes, 0, size);
  }
}

/** Half formats as Float32Array, bytes as Uint32Array, everything else as it is. */
export function decode(
  data: HostArray,
  dtype: DType,
): Float32Array | Float64Array | Int32Array | Uint32Array | BigInt64Array {
  if (dtype === "f16") return Float32Array.from(data as Uint16Array, halfToNumber);
  if (dtype === "bf16") return Float32Array.from(data as Uint16Array, bfloatToNumber);
  if (dtype === "u8") return Uint32Array.from(data as Uint8Array);
  return data as Float32Array;
}

/** The same numbers under another shape; the two tensors share their memory. */
export function reshape(source: Tensor, shape: readonly number[]): Tensor {
  if (sizeOf(shape) !== source.size) {
    fail("SHAPE_MISMATCH", `tensor: cannot view shape [${source.shape}] as [${shape}]`);
  }
  return new Tensor(shape, source.dtype, source.storage);
}
