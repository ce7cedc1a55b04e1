import type { Geometry } from "../families/arrangement.js";
import { hostLabels } from "../labels.js";
import type { Request } from "../request.js";
import type { CpuOutcome } from "../spec.js";
import { type Judge, type Judgement, pairwiseCpu, type Scores } from "./pairwise.js";
import { costOf, makeRow, scanRow } from "./softmaxRow.js";

/** Which columns are positives of a row. */
export function positivesOf(
  request: Request,
  { arrangement, rows, left }: Geometry,
): (row: number, column: number) => boolean {
  switch (arrangement.positives) {
    case "diagonal":
      return (row, column) => row === column;
    case "index": {
      const targets = hostLabels(request.get("targets")) as ArrayLike<number>;
      return (row, column) => targets[row] === column;
    }
    case "otherView": {
      const half = left[0]?.rows ?? 0;
      return (row, column) => column === (row + half) % rows;
    }
    case "sameLabel": {
      const labels = hostLabels(request.get("labels")) as ArrayLike<number>;
      return (row, column) => row !== column && labels[row] === labels[column];
    }
  }
}

/** A row or a column of the scores: where it begins, and how far apart its numbers lie. */
interface Line {
  readonly own: number;
  readonly base: number;
  readonly stride: number;
  readonly count: number;
  readonly isPositive: (other: number) => boolean;
}

interface Verdict {
  value: number;
  /** Probability of the positive among all candidates. */
  positive: number;
  /** Whether the positive is the first of the largest scores. */
  correct: boolean;
}

/** Softmax over a line: -log of the positives' share, by the mean of their logits. Adds its slopes, times `factor`. */
function judgeLine(
  { scores, scale }: Scores,
  { own, base, stride, count, isPositive }: Line,
  { skipSelf, skipPositive }: Geometry["arrangement"],
  slopes: Float64Array | undefined,
  factor: number,
): Verdict {
  const z = new Float64Array(count);
  const positives: number[] = [];
  for (let c = 0; c < count; c++) {
    const hit = isPositive(c);
    if (hit) positives.push(c);
    const skipped = (skipSelf && c === own) || (skipPositive && hit);
    z[c] = skipped ? Number.NEGATIVE_INFINITY : (scores[base + c * stride] as number);
  }
  const row = makeRow(count);
  scanRow(row, z, 0, 1, { temperature: 1 / scale, softcap: 0 });
  const share = 1 / positives.length;
  let value = 0;
  for (const c of positives) {
    const s = (scores[base + c * stride] as number) * scale;
    value += share * (skipPositive ? row.max - s + row.logSum : costOf(row, c));
  }
  if (slopes) {
    for (let c = 0; c < count; c++) (row.e[c] as number) /= row.sum;
    for (const c of positives) {
      // For a confident row p - 1 would cancel; the mass of the others does not.
      const confident = row.u[c] === row.max && share === 1 && !skipPositive;
      row.e[c] = confident ? -row.others / row.sum : (row.e[c] as number) - share;
    }
    for (let c = 0, at = base; c < count; c++, at += stride) {
      (slopes[at] as number) += factor * (row.e[c] as number);
    }
  }
  const only = positives[0] as number;
  const s = scores[base + only * stride] as number;
  let correct = true;
  for (let c = 0, at = base; correct && c < count; c++, at += stride) {
    if (c === only || (skipSelf && c === own)) continue;
    const other = scores[at] as number;
    correct = c < only ? other < s : other <= s;
  }
  // With the positive left out of the sum, exp(-value) is its odds, not its probability.
  const positive = skipPositive ? 1 / (1 + Math.exp(value)) : Math.exp(-value);
  return { value, positive, correct };
}

/** A softmax over each row of the scores, and over each column where symmetric. */
const judgeBySoftmax: Judge = (scores, request, geometry, factors): Judgement => {
  const { arrangement, rows, columns } = geometry;
  const isPositive = positivesOf(request, geometry);
  const values = new Float64Array(rows);
  const positiveProbability = new Float64Array(rows);
  const correct = new Float64Array(rows);
  const slopes = new Float64Array(rows * columns);
  const { symmetric } = arrangement;
  for (let i = 0; i < rows; i++) {
    if (!factors.active[i]) continue;
    const g = (factors.gradient[i] as number) * (symmetric ? 0.5 : 1);
    const wanted = g === 0 ? undefined : slopes;
    const row = { own: i, base: i * columns, stride: 1, count: columns };
    const across = { ...row, isPositive: (c: number) => isPositive(i, c) };
    const found = judgeLine(scores, across, arrangement, wanted, g);
    values[i] = found.value;
    positiveProbability[i] = found.positive;
    correct[i] = found.correct ? 1 : 0;
    if (!symmetric) continue;
    const column = { own: i, base: i, stride: columns, count: rows };
    const down = { ...column, isPositive: (r: number) => isPositive(r, i) };
    values[i] = 0.5 * (found.value + judgeLine(scores, down, arrangement, wanted, g).value);
  }
  return { values, slopes, outputs: { positiveProbability, correct } };
};

/** Anchors without a positive have no contrastive loss: they take no part. */
function hasPositive(request: Request, geometry: Geometry): (row: number) => boolean {
  if (geometry.arrangement.positives !== "sameLabel") return () => true;
  const isPositive = positivesOf(request, geometry);
  return (row) => {
    for (let c = 0; c < geometry.columns; c++) if (isPositive(row, c)) return true;
    return false;
  };
}

/** The contrastive losses. */
export const contrastCpu = (request: Request, geometry: Geometry): CpuOutcome =>
  pairwiseCpu(request, geometry, judgeBySoftmax, hasPositive(request, geometry));
