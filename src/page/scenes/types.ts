import type { AnyLoss } from "../../index.js";
import type { Worst } from "../../verify.js";

/** A number that can be moved along: one element of one input. */
export interface Axis {
  /** For the address: "predictions", or "logits.0" where the input is a row. */
  readonly id: string;
  readonly input: string;
  readonly index: number;
  readonly label: string;
  readonly min: number;
  readonly max: number;
}

/** A number that stands still while the axis moves. */
export interface Knob {
  readonly id: string;
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly value: number;
  readonly choices?: readonly number[] | undefined;
}

export type Values = Readonly<Record<string, number>>;
export type Options = Readonly<Record<string, unknown>>;

/** A loss and its slope along an axis, from the device and in float64. */
export interface Curve {
  readonly xs: Float32Array;
  readonly ys: ArrayLike<number>;
  readonly slopes: ArrayLike<number> | undefined;
  readonly referenceYs: ArrayLike<number> | undefined;
  readonly referenceSlopes: ArrayLike<number> | undefined;
  readonly worst: Worst | undefined;
}

/** How one loss is shown as a curve. */
export interface Scene {
  /** Losses with the same kind and axis can be laid over each other. */
  readonly kind: string;
  readonly axes: readonly Axis[];
  /** The word for what the curve's height is. */
  readonly yLabel: string;
  knobs(axis: Axis): readonly Knob[];
  curve(axis: Axis, knobs: Values, options: Options): Promise<Curve>;
  /** The code that draws it, complete. */
  code(axis: Axis, knobs: Values, options: Options): string;
}

/** Evenly spaced numbers from `min` to `max`, as the GPU will see them. */
export const spaced = (min: number, max: number, count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => min + ((max - min) * i) / (count - 1));

/** Every `stride`-th number from `first`. */
export const every = (list: ArrayLike<number>, stride: number, first: number): Float64Array =>
  Float64Array.from(
    { length: Math.ceil((list.length - first) / stride) },
    (_, i) => list[first + i * stride] as number,
  );

/** An options object as it is written; a loss that the GPU does not have is told where to run. */
export function written({ spec }: AnyLoss, options: Options, ...more: readonly string[]): string {
  const entries = Object.entries(options).map(
    ([name, value]) => `${name}: ${JSON.stringify(value)}`,
  );
  if (!spec.gpu) entries.push("backend");
  entries.push(...more);
  return entries.length > 0 ? `{ ${entries.join(", ")} }` : "{}";
}

/** The lines that a snippet begins with. */
export function opening({ spec }: AnyLoss, ...names: readonly string[]): string[] {
  const all = [spec.name, ...names, ...(spec.gpu ? [] : ["openBackend"])];
  const lines = [`import { ${all.join(", ")} } from "webgpu-loss";`, ""];
  return spec.gpu ? lines : [...lines, 'const backend = await openBackend({ kind: "cpu" });'];
}

/** Whether gradients can be asked for. */
export const flows = (role: string | undefined): boolean => role === "wrt" || role === "asked";
