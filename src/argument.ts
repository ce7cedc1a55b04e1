import { checkDType, type DType, isFloat } from "./dtype.js";
import { describe, fail } from "./errors.js";
import { type HostArray, hostData } from "./host.js";
import { bufferRange, fromForeign } from "./interop.js";
import { checkShape, decode, type GpuStorage, type Storage, sizeOf, Tensor } from "./tensor.js";

/** One tensor that a loss was given or, in a plan, will be given. */
export class Argument {
  readonly name: string;
  readonly dtype: DType;
  readonly size: number;
  /** Undefined while a flat array waits for the loss to infer its shape. */
  readonly shape: readonly number[] | undefined;
  /** Undefined in a plan. */
  readonly storage: Storage | undefined;
  constructor(
    name: string,
    dtype: DType,
    shape: readonly number[] | undefined,
    storage: Storage | undefined,
    size: number,
  ) {
    this.name = name;
    this.dtype = dtype;
    this.shape = shape;
    this.storage = storage;
    this.size = size;
  }

  /** The numbers when they lie in CPU memory. */
  get host(): HostArray | undefined {
    return this.storage?.kind === "host" ? this.storage.data : undefined;
  }

  get gpu(): GpuStorage | undefined {
    return this.storage?.kind === "gpu" ? this.storage : undefined;
  }

  /** The numbers as the CPU path reads them: half formats decoded, everything else as it lies. */
  values(): Float64Array {
    const data = this.host ?? fail("UNSUPPORTED", `${this.name}: its numbers are on the GPU`);
    return decode(data, this.dtype) as Float64Array;
  }

  isFloat(): boolean {
    return isFloat(this.dtype);
  }

  /** A list of whole numbers as an integer array: 32 bits where they suffice. */
  toIntegers(where: string = this.name): Argument {
    const values = this.values();
    const odd = values.findIndex((value) => !Number.isInteger(value));
    if (odd >= 0) {
      fail("DTYPE", `${where} holds ${values[odd]} at index ${odd}, expected whole numbers`);
    }
    const wide = values.some((value) => value !== (value | 0));
    const data = wide ? BigInt64Array.from(Array.from(values, BigInt)) : Int32Array.from(values);
    const storage = { kind: "host", data } as const;
    return new Argument(this.name, wide ? "i64" : "i32", this.shape, storage, this.size);
  }

  /** Whether this argument may stand for a tensor of `shape`: a flat array and a lone number may when the sizes agree. */
  fits(shape: readonly number[]): boolean {
    if (!this.shape || shape.length === 0) return this.size === sizeOf(shape);
    return this.shape.length === shape.length && this.shape.every((n, axis) => n === shape[axis]);
  }
}

/** Turns a value into an argument; `where` is "loss: argument" for the messages. */
export function toArgument(value: unknown, name: string, where: string): Argument {
  const known = value instanceof Tensor ? value : undefined;
  const host = known ? undefined : hostData(value, where);
  if (host) {
    const { data, dtype, shape } = host;
    return new Argument(name, dtype, shape, { kind: "host", data }, data.length);
  }
  const tensor = known ?? fromForeign(value, where);
  if (tensor) {
    if (tensor.isDestroyed) {
      fail("DISPOSED", `${where} is a tensor of shape [${tensor.shape}] that was destroyed`);
    }
    return new Argument(name, tensor.dtype, tensor.shape, tensor.storage, tensor.size);
  }
  if (bufferRange(value)) {
    fail("SHAPE_MISMATCH", `${where} is a GPUBuffer: give its shape with tensor(buffer, shape)`);
  }
  return fail("DTYPE", `${where} must be an array or a tensor, got ${describe(value)}`);
}

interface PlannedSpec {
  readonly shape?: unknown;
  readonly dtype?: unknown;
}

/** The argument that a plan promises: a shape, with a dtype where it is not the usual one. */
export function plannedArgument(
  value: unknown,
  name: string,
  where: string,
  usual: DType,
): Argument {
  if (value instanceof Tensor) {
    return new Argument(name, value.dtype, value.shape, undefined, value.size);
  }
  const spec = Array.isArray(value) ? { shape: value } : (value as PlannedSpec | null);
  const shape = checkShape(spec?.shape, where);
  const dtype = checkDType((spec as PlannedSpec).dtype ?? usual, where);
  return new Argument(name, dtype, shape, undefined, sizeOf(shape));
}
