import {
  type Backend,
  crossEntropy,
  type LossErrorCode,
  openBackend,
  type Tensor,
  tensor,
} from "../../src/index.js";

/** Something that a user may get wrong, and how the library must answer: before any work is done. */
export interface BadInput {
  readonly title: string;
  readonly code: LossErrorCode;
  /** Words of the message, in order: the loss, the argument, what was expected and what came. */
  readonly says: RegExp;
  act(backend: Backend): unknown;
}

export const logits = (): Float32Array => Float32Array.of(3, 1, -2, 0, 4, 1);
export const labels = (): Int32Array => Int32Array.of(0, 1);
export const matrix = (): Tensor => tensor(logits(), [2, 3]);
export const probabilities = (): Tensor => tensor(Float32Array.of(1, 0, 0, 0, 1, 0), [2, 3]);

// Bad input is what the types forbid, so the calls here do without them.
export const call = crossEntropy as unknown as (...args: unknown[]) => Promise<unknown>;
export const make = tensor as unknown as (...args: unknown[]) => Tensor;
export const open = openBackend as unknown as (options: unknown) => Promise<Backend>;
export const plan = crossEntropy.plan as unknown as (...args: unknown[]) => Promise<{
  run(...args: unknown[]): unknown;
  encode(...args: unknown[]): unknown;
  destroy(): void;
}>;

type Row = readonly [title: string, code: LossErrorCode, says: RegExp, value: unknown];

export const asLogits = (rows: readonly Row[]): BadInput[] =>
  rows.map(([title, code, says, value]) => ({
    title: `logits: ${title}`,
    code,
    says,
    act: (backend) => call(value, labels(), { backend }),
  }));
export const asTargets = (rows: readonly Row[]): BadInput[] =>
  rows.map(([title, code, says, value]) => ({
    title: `targets: ${title}`,
    code,
    says,
    act: (backend) => call(matrix(), value, { backend }),
  }));
/** `value` is the options; with `soft` the targets are probabilities. */
export const asOptions = (rows: readonly Row[], targets: () => unknown = labels): BadInput[] =>
  rows.map(([title, code, says, value]) => ({
    title: `options: ${title}`,
    code,
    says,
    act: (backend) => call(matrix(), targets(), { backend, ...(value as object) }),
  }));
export const asTensor = (rows: readonly Row[]): BadInput[] =>
  rows.map(([title, code, says, value]) => ({
    title: `tensor: ${title}`,
    code,
    says,
    act: () => make(...(value as unknown[])),
  }));
export const asBackend = (rows: readonly Row[]): BadInput[] =>
  rows.map(([title, code, says, value]) => ({
    title: `openBackend: ${title}`,
    code,
    says,
    act: () => open(value),
  }));

export function detached<T extends ArrayBufferView>(array: T): T {
  structuredClone(null, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}
// Newer than the library of types that the compiler is told of.
type Resizable = ArrayBuffer & { resize(bytes: number): void };
const ResizableBuffer = ArrayBuffer as unknown as new (
  bytes: number,
  options: { maxByteLength: number },
) => Resizable;

export function shrunk(): Float32Array {
  const buffer = new ResizableBuffer(24, { maxByteLength: 48 });
  const view = new Float32Array(buffer, 0, 6);
  buffer.resize(8);
  return view;
}
export function destroyed(): Tensor {
  const gone = matrix();
  gone.destroy();
  return gone;
}
export function deepList(): unknown {
  let list: unknown = 1;
  for (let depth = 0; depth < 20; depth++) list = [list];
  return list;
}
