import type { CpuArray } from "../spec.js";
import type { Targets } from "./crossEntropyTargets.js";
import type { Factors } from "./factors.js";
import { startOf } from "./rowBlock.js";
import {
  costOf,
  entropyOf,
  logSumExpOf,
  makeRow,
  type SoftmaxRow,
  scanRow,
  type Transform,
  throughTransform,
} from "./softmaxRow.js";

type Numbers = CpuArray["data"];

/** The rows of a cross-entropy with any of its options. */
export interface GeneralRows {
  readonly z: ArrayLike<number>;
  readonly targets: Targets;
  /** Probabilities of all classes, laid out like the logits; undefined where targets are class numbers. */
  readonly soft: ArrayLike<number> | undefined;
  readonly classes: number;
  readonly stride: number;
  readonly weight: ArrayLike<number> | undefined;
  readonly factors: Factors;
  readonly transform: Transform;
  readonly zLoss: number;
  readonly labelSmoothing: number;
}

/** Where the rows' results go; what is undefined is not asked for. */
export interface Asked {
  readonly values: Float64Array;
  readonly outputs: Readonly<Record<string, CpuArray>>;
  readonly logits: Numbers | undefined;
  readonly targets: Numbers | undefined;
  /** One number, to which the rows add. */
  readonly temperature: Float64Array | undefined;
}

/** What the classes beside the label add to a row's loss. */
function spreadLoss(row: SoftmaxRow, shares: Float64Array): number {
  let value = 0;
  for (let c = 0; c < shares.length; c++) {
    const q = shares[c] as number;
    // 0 · log 0 is 0: a class without target mass adds nothing, even at -inf.
    if (q !== 0) value += q * costOf(row, c);
  }
  return value;
}

/** The first largest number of a row; -1 where there is a NaN. */
function firstLargest(x: ArrayLike<number>, base: number, stride: number, classes: number): number {
  let best = 0;
  for (let c = 0; c < classes; c++) {
    const value = x[base + c * stride] as number;
    if (Number.isNaN(value)) return -1;
    if (value > (x[base + best * stride] as number)) best = c;
  }
  return best;
}

/** The part of a label's slope that is not shared: on a confident row p - 1 would cancel, the others' mass does not. */
function labelSlope(row: SoftmaxRow, label: number, own: number, pull: number): number {
  const p = (row.e[label] as number) / row.sum;
  const rest = row.u[label] === row.max ? row.others / row.sum : 1 - p;
  return (pull - own) * p - own * rest;
}

/** Writes what a row reports beside its loss. */
function reportRow(
  { z, soft, stride, classes }: GeneralRows,
  { correct, logSumExp, logProbs, entropy }: Asked["outputs"],
  at: number,
  base: number,
  row: SoftmaxRow,
  label: number,
): void {
  if (logSumExp) logSumExp.data[at] = logSumExpOf(row);
  if (logProbs) logProbs.data[at] = -costOf(row, label);
  if (entropy) entropy.data[at] = entropyOf(row);
  if (correct) {
    // Of the logits as they are: a soft cap makes large ones equal.
    const best = firstLargest(z, base, stride, classes);
    const right = soft ? firstLargest(soft, base, stride, classes) : label;
    correct.data[at] = best === right && best >= 0 ? 1 : 0;
  }
}

/** Values, outputs and gradients of all rows: one exponential per element, kept for the gradient. */
export function generalRows(rows: GeneralRows, asked: Asked): void {
  const { z, targets, soft, classes, stride, weight, factors, transform, zLoss } = rows;
  const { shares } = targets;
  const { values, outputs, logits, targets: toTargets, temperature } = asked;
  const reports = Object.keys(outputs).length > 0;
  const row = makeRow(classes);
  const slopes = new Float64Array(logits || temperature ? classes : 0);
  const clear = (base: number): void => {
    for (let c = 0, i = base; c < classes; c++, i += stride) {
      if (logits) logits[i] = 0;
      if (toTargets) toTargets[i] = 0;
    }
  };
  for (let at = 0; at < values.length; at++) {
    const base = startOf(at, classes, stride);
    if (!factors.active[at]) {
      clear(base);
      continue;
    }
    scanRow(row, z, base, stride, transform);
    const label = targets.labels[at] as number;
    const lse = row.max + row.logSum;
    const own = targets.own(label);
    const mass = own + targets.read(base);
    const cost = soft ? 0 : costOf(row, label);
    // 0 log 0 is 0.
    let value = own === 0 && cost === Number.POSITIVE_INFINITY ? 0 : own * cost;
    if (shares) value += spreadLoss(row, shares);
    values[at] = (factors.value[at] as number) * (value + zLoss * lse * lse);
    if (reports) reportRow(rows, outputs, at, base, row, label);

    const g = factors.gradient[at] as number;
    if (g === 0) {
      // Nothing is asked of this row, whatever it holds.
      clear(base);
      continue;
    }
    if (toTargets) {
      const kept = 1 - rows.labelSmoothing;
      for (let c = 0, i = base; c < classes; c++, i += stride) {
        toTargets[i] = g * kept * (weight ? (weight[c] as number) : 1) * costOf(row, c);
      }
    }
    if (slopes.length === 0) continue;
    const pull = mass + 2 * zLoss * lse;
    const part = pull / row.sum;
    for (let c = 0; c < classes; c++) slopes[c] = part * (row.e[c] as number);
    if (!soft) slopes[label] = labelSlope(row, label, own, pull);
    if (shares) for (let c = 0; c < classes; c++) (slopes[c] as number) -= shares[c] as number;
    throughTransform(slopes, row, transform);
    if (temperature) {
      let sum = 0;
      for (let c = 0, i = base; c < classes; c++, i += stride) {
        const slope = slopes[c] as number;
        if (slope !== 0) sum += (g * slope * (z[i] as number)) / transform.temperature;
      }
      (temperature[0] as number) -= sum;
    }
    // Last, for it may take the place of the logits.
    for (let c = 0, i = base; logits && c < classes; c++, i += stride) {
      logits[i] = g * (slopes[c] as number);
    }
  }
}
