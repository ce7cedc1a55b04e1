import { type Backend, type LossResult, openBackend, type Tensor } from "../src/index.js";

/** How exact the GPU must be beside float64: see NUMERICS for where each figure was measured. */
export const limits = {
  loss: (reference: number): number => 4e-6 + 3e-7 * Math.abs(reference),
  gradient: 2e-7,
  rowSum: 1e-6,
} as const;

/** What a storage format rounds away: half a unit in the last place, and half of the smallest step. */
export const rounding = {
  f32: { relative: 0, absolute: 0 },
  f16: { relative: 2 ** -11, absolute: 2 ** -25 },
  bf16: { relative: 2 ** -8, absolute: 0 },
} as const;

let lane: Promise<Backend> | undefined;
let wide: Promise<Backend> | undefined;

/**
 * The backend that the files of the browser lane share, and never destroy: compiling is what takes their time, and what
 * one of them has compiled on this device is there for the next.
 */
export const openSoftware = (): Promise<Backend> => {
  lane ??= openBackend({ kind: "webgpu" });
  return lane;
};

/** The same backend, which from now on plans as if its device were another one. */
export function planningAs(change: object, backend: Backend): Backend {
  const { target } = backend as unknown as { target: object };
  return Object.assign(backend, { target: { ...target, ...change } });
}

async function openWide(change: object): Promise<Backend> {
  const { device } = await openSoftware();
  return planningAs(
    { software: false, ...change },
    await openBackend({ device: device as GPUDevice }),
  );
}

/**
 * Plans as for a real GPU (wide workgroups, large passes) though the adapter is a software one: the kernels of both kinds
 * run in every browser lane. Shared as well; one with a `change` is the caller's own, on the same device.
 */
export function openAsHardware(change?: object): Promise<Backend> {
  if (change) return openWide(change);
  wide ??= openWide({});
  return wide;
}

/** NaN and infinities must be the same; anything else may be off by `allowed`. Gives the share of it that is used up. */
export function excess(got: number, want: number, allowed: number): number {
  // A loss or a gradient beyond float32 is infinite there, and rightly so.
  const isBeyond = Math.abs(want) > 3.4028235e38 && Math.abs(got) === Number.POSITIVE_INFINITY;
  const nearest = isBeyond ? Math.fround(want) : want;
  if (Object.is(got, nearest) || got === nearest) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(nearest)) return Number.POSITIVE_INFINITY;
  return Math.abs(got - nearest) / allowed;
}

/** The worst share of the tolerance over all elements, and where it is. */
export function worst(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  allowed: (reference: number) => number,
): { share: number; at: string } {
  if (got.length !== want.length) return { share: Number.POSITIVE_INFINITY, at: "another length" };
  let share = 0;
  let at = "nowhere";
  for (let index = 0; index < want.length; index++) {
    const reference = want[index] as number;
    const found = excess(got[index] as number, reference, allowed(reference));
    if (found <= share) continue;
    share = found;
    at = `[${index}] is ${got[index]}, expected ${reference}`;
  }
  return { share, at };
}

/** The largest finite magnitude: what an error of a gradient is measured against. */
export function scaleOf(numbers: ArrayLike<number>): number {
  let scale = 0;
  for (let index = 0; index < numbers.length; index++) {
    const size = Math.abs(numbers[index] as number);
    if (size < Number.POSITIVE_INFINITY && size > scale) scale = size;
  }
  return scale;
}

/** The share of the gradient tolerance that is used up: 2e-7 of the scale, and the storage's rounding. */
export function worstGradient(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  scale: number,
  storage: keyof typeof rounding = "f32",
): { share: number; at: string } {
  const { relative, absolute } = rounding[storage];
  // Where all is 0 but for float64's own rounding (one class, smoothed), that is no scale.
  const base = limits.gradient * Math.max(scale, 1e-6) + absolute;
  return worst(got, want, (reference) => base + relative * Math.abs(reference));
}

/** The largest sum of a gradient's rows; rows lie one after the other. */
export function largestRowSum(gradient: ArrayLike<number>, classes: number): number {
  let largest = 0;
  for (let begin = 0; begin < gradient.length; begin += classes) {
    let sum = 0;
    for (let at = begin; at < begin + classes; at++) sum += gradient[at] as number;
    largest = Math.max(largest, Math.abs(sum));
  }
  return largest;
}

export const read = async (tensor: Tensor | undefined): Promise<Float32Array> => {
  if (!tensor) throw new Error("the result has no such tensor");
  return (await tensor.read()) as Float32Array;
};

/** Every number of a result by path, after which its memory is given back. */
export async function readAll(result: LossResult): Promise<Record<string, Float32Array>> {
  const { gradients, stats: _, backend: __, destroy: ___, ...outputs } = result;
  const numbers: Record<string, Float32Array> = {};
  for (const [name, tensor] of Object.entries(outputs))
    numbers[name] = await read(tensor as Tensor);
  for (const [name, tensor] of Object.entries(gradients)) {
    numbers[`gradients.${name}`] = await read(tensor);
  }
  result.destroy();
  return numbers;
}

/** How two results of one call are compared where it is not the usual way. */
export interface Comparison {
  readonly storage?: keyof typeof rounding;
  /** What errors of a gradient are measured against, where its own largest entry is not it. */
  readonly scales?: Readonly<Record<string, number>>;
}

/** Lists where two results of the same call are further apart than the limits allow. */
export async function disagreements(
  gpu: LossResult,
  reference: LossResult,
  { storage = "f32", scales = {} }: Comparison = {},
): Promise<string[]> {
  const got = await readAll(gpu);
  const want = await readAll(reference);
  const problems: string[] = [];
  for (const [name, numbers] of Object.entries(want)) {
    const found = got[name] ?? [];
    const [kind, input = ""] = name.split(".");
    const { share, at } =
      kind === "gradients"
        ? worstGradient(found, numbers, scales[input] ?? scaleOf(numbers), storage)
        : worst(found, numbers, limits.loss);
    if (share > 1) problems.push(`${name}${at} (${share.toPrecision(3)} times the tolerance)`);
  }
  return problems;
}
