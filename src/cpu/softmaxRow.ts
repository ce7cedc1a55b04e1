/** One row of logits after the transform, its exponentials and their sum, in float64. */
export interface SoftmaxRow {
  /** Transformed logits: u = softcap · tanh(z / (temperature · softcap)), or z / temperature. */
  readonly u: Float64Array;
  /** exp(u - max). */
  readonly e: Float64Array;
  max: number;
  argmax: number;
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

export function makeRow(classes: number): SoftmaxRow {
  const arrays = { u: new Float64Array(classes), e: new Float64Array(classes) };
  return { ...arrays, max: 0, argmax: 0, others: 0, sum: 0, logSum: 0 };
}

/** Reads one row: its maximum first, then one exponential per class, kept for the gradient. */
export function scanRow(
  row: SoftmaxRow,
  z: ArrayLike<number>,
  base: number,
  stride: number,
  { temperature, softcap }: Transform,
): void {
  const { u, e } = row;
  let max = Number.NEGATIVE_INFINITY;
  let argmax = 0;
  let isNan = false;
  for (let c = 0, at = base; c < u.length; c++, at += stride) {
    const scaled = (z[at] as number) / temperature;
    const x = softcap > 0 ? softcap * Math.tanh(scaled / softcap) : scaled;
    u[c] = x;
    if (x > max) {
      max = x;
      argmax = c;
    } else if (Number.isNaN(x)) isNan = true;
  }
  if (isNan) max = Number.NaN;
  let others = 0;
  for (let c = 0; c < u.length; c++) {
    const x = Math.exp((u[c] as number) - max);
    e[c] = x;
    if (c !== argmax) others += x;
  }
  const own = e[argmax] as number;
  row.max = max;
  row.argmax = argmax;
  row.others = others;
  row.sum = own + others;
  // log1p keeps the digits of a confident row; own is 1, or NaN where the row has no maximum.
  row.logSum = Math.log1p(others) + (own - 1);
}

/** -log p of a class. */
export const costOf = (row: SoftmaxRow, c: number): number =>
  row.max - (row.u[c] as number) + row.logSum;

/** du/dz of a class. */
export function slopeOfTransform(
  row: SoftmaxRow,
  c: number,
  { temperature, softcap }: Transform,
): number {
  if (softcap === 0) return 1 / temperature;
  const ratio = (row.u[c] as number) / softcap;
  return (1 - ratio * ratio) / temperature;
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
