import { logSumOf, RowBlock } from "./rowBlock.js";

/** One row of logits after the transform, its exponentials and their sum, in float64. */
export interface SoftmaxRow {
  /** Transformed logits: u = softcap · tanh(z / (temperature · softcap)), or z / temperature. */
  readonly u: Float64Array;
  /** exp(u - max) */
  readonly e: Float64Array;
  max: number;
  /** Sum of the exponentials without the maximum's own term: small where the row is confident. */
  others: number;
  sum: number;
  /** log of the sum, so that log p of a class is u - max - logSum. */
  logSum: number;
}

export interface Transform {
  readonly temperature: number;
  /** 0 leaves the logits uncapped. */
  readonly softcap: number;
}

export const makeRow = (classes: number): SoftmaxRow => ({
  u: new Float64Array(classes),
  e: new Float64Array(classes),
  max: 0,
  others: 0,
  sum: 0,
  logSum: 0,
});

/** Reads one row: its maximum first, then one exponential per class, kept for the gradient. */
export function scanRow(
  row: SoftmaxRow,
  z: ArrayLike<number>,
  base: number,
  stride: number,
  { temperature, softcap }: Transform,
): void {
  const { u, e } = row;
  const classes = u.length;
  if (stride === 1 && classes >= 64 && ArrayBuffer.isView(z)) {
    u.set((z as Float32Array).subarray(base, base + classes));
  } else for (let c = 0, at = base; c < classes; c++, at += stride) u[c] = z[at] as number;
  if (temperature !== 1) for (let c = 0; c < classes; c++) (u[c] as number) /= temperature;
  if (softcap > 0) {
    for (let c = 0; c < classes; c++) u[c] = softcap * Math.tanh((u[c] as number) / softcap);
  }
  const block = new RowBlock(classes, 1);
  const { data, first } = block;
  data.set(u, first);
  block.run(1);
  e.set(data.subarray(first, first + classes));
  const max = data[first - 2] as number;
  const others = data[first - 1] as number;
  // The maximum's own term: 1, or NaN where it is not finite.
  const own = max - max + 1;
  row.max = Number.isNaN(others) ? Number.NaN : max;
  row.others = others;
  row.sum = own + others;
  row.logSum = logSumOf(own, others);
}

/** log of the sum of exponentials: also where that is infinite, and NaN only where a logit is. */
export function logSumExpOf(row: SoftmaxRow): number {
  if (Number.isFinite(row.max)) return row.max + row.logSum;
  return row.u.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY);
}

/** -log p of a class. */
export const costOf = (row: SoftmaxRow, c: number): number =>
  row.max - (row.u[c] as number) + row.logSum;

/** Takes slopes of u back to z. */
export function throughTransform(
  slopes: Float64Array,
  { u }: SoftmaxRow,
  { temperature, softcap }: Transform,
): void {
  for (let c = 0; softcap > 0 && c < slopes.length; c++) {
    const ratio = (u[c] as number) / softcap;
    (slopes[c] as number) *= 1 - ratio * ratio;
  }
  for (let c = 0; temperature !== 1 && c < slopes.length; c++) (slopes[c] as number) /= temperature;
}

/** Entropy of the softmax; an impossible class adds nothing. */
export function entropyOf(row: SoftmaxRow): number {
  let entropy = 0;
  for (let c = 0; c < row.e.length; c++) {
    const p = (row.e[c] as number) / row.sum;
    if (p !== 0) entropy += p * costOf(row, c);
  }
  return entropy;
}
