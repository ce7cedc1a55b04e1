import type { Backend } from "./backend/index.js";
import type { AnyLoss } from "./define.js";
import { Tensor } from "./tensor.js";

/** How far a number may be from its reference: absolutely, and in units of the reference's own size. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}
export interface Tolerances {
  readonly value: Tolerance;
  readonly gradient: Tolerance;
}

/** What float32 kernels promise against float64. A gradient's absolute part is in units of its largest element. */
export const tolerances: Tolerances = {
  value: { absolute: 1e-6, relative: 2e-6 },
  gradient: { absolute: 2e-7, relative: 5e-6 },
};

/** The numbers of one call by path: "loss", "gradients.logits", "entropy". */
export type Numbers = Readonly<Record<string, ArrayLike<number>>>;

/** The element of one result that used most of its tolerance. */
export interface Worst {
  readonly path: string;
  readonly index: number;
  readonly got: number;
  readonly expected: number;
  readonly error: number;
  readonly allowed: number;
  /** error ÷ allowed: above 1 is a failure, Infinity where only one side is a number. */
  readonly used: number;
}

export interface Verification {
  readonly ok: boolean;
  /** The worst element of each result, worst result first. */
  readonly worst: readonly Worst[];
  readonly got: Numbers;
  readonly expected: Numbers;
}

/** Calls a loss and reads everything that it returned. */
export async function numbersOf(
  loss: AnyLoss,
  inputs: readonly unknown[],
  options: Readonly<Record<string, unknown>>,
): Promise<Numbers> {
  const result = await loss(...(inputs as never[]), options as never);
  const { gradients, ...rest } = result as { gradients?: Record<string, unknown> };
  const numbers: Record<string, ArrayLike<number>> = {};
  try {
    for (const [name, value] of Object.entries(rest)) {
      if (value instanceof Tensor) numbers[name] = (await value.read()) as Float32Array;
    }
    for (const [name, value] of Object.entries(gradients ?? {})) {
      if (value instanceof Tensor)
        numbers[`gradients.${name}`] = (await value.read()) as Float32Array;
    }
  } finally {
    result.destroy();
  }
  return numbers;
}

/** Gradients that cancel to nothing leave float64's rounding behind, which float32 cannot repeat. */
const CANCELLED = 1e-9;

/** What a number may be off by. */
function allowance({ absolute, relative }: Tolerance, expected: number, scale: number): number {
  return absolute * scale + relative * Math.abs(expected) + CANCELLED;
}

/** The worst element of `got` against `expected`. */
export function compareNumbers(
  path: string,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  limits: Tolerances = tolerances,
): Worst {
  const isGradient = path.startsWith("gradients.");
  const tolerance = isGradient ? limits.gradient : limits.value;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const size = Math.abs(expected[i] as number);
    if (size > largest && size < Number.POSITIVE_INFINITY) largest = size;
  }
  const scale = isGradient ? largest : 1;
  let worst: Worst = { path, index: 0, got: 0, expected: 0, error: 0, allowed: 0, used: -1 };
  const lengths = got.length !== expected.length;
  for (let index = 0; index < expected.length; index++) {
    const want = expected[index] as number;
    const have = lengths ? Number.NaN : (got[index] as number);
    // NaN against NaN and an infinity against itself agree, and an overflow of float32 is one; a lone NaN never does.
    const same = Object.is(want, have) || want === have || have === Math.fround(want);
    const error = same ? 0 : Math.abs(have - want);
    const allowed = allowance(tolerance, want, scale);
    const used = same ? 0 : Number.isFinite(error) ? error / allowed : Number.POSITIVE_INFINITY;
    if (used > worst.used) worst = { path, index, got: have, expected: want, error, allowed, used };
  }
  return { ...worst, used: Math.max(worst.used, 0) };
}

/**
 * Runs a loss on two backends with the same inputs and reports the worst error of the value and of every gradient
 * and output against the stated tolerances.
 * @example
 * const { ok, worst } = await verify(crossEntropy, [logits, targets], { gradients: true }, gpu, cpu);
 */
export async function verify(
  loss: AnyLoss,
  inputs: readonly unknown[],
  options: Readonly<Record<string, unknown>>,
  subject: Backend,
  reference: Backend,
  limits: Tolerances = tolerances,
): Promise<Verification> {
  const got = await numbersOf(loss, inputs, { ...options, backend: subject });
  const expected = await numbersOf(loss, inputs, { ...options, backend: reference });
  const worst = Object.keys(expected)
    .map((path) => compareNumbers(path, got[path] ?? [], expected[path] ?? [], limits))
    .sort((a, b) => b.used - a.used);
  return { ok: worst.every(({ used }) => used <= 1), worst, got, expected };
}
