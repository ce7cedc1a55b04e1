import type { RowLabelProblem } from "../families/rowLabel.js";
import { settingsOf } from "../families/rowShape.js";
import { hostLabels } from "../labels.js";
import type { Request } from "../request.js";
import type { CpuOutcome } from "../spec.js";
import { reduceValues, rowFactors } from "./factors.js";
import { softplus } from "./functions.js";

/** One row split into its label and all other classes, so that neither p nor 1 - p is ever a difference. */
interface Split {
  logP: number;
  logMiss: number;
  /** exp(z - highest other), and its sum over all classes but the label. */
  readonly others: Float64Array;
  sum: number;
}

/** Fills `split`; a NaN, a +Infinity, or nothing but -Infinity leaves NaN. */
function splitRow(split: Split, z: Float64Array, base: number, label: number): void {
  const { others } = split;
  const own = z[base + label] as number;
  let peak = Number.NEGATIVE_INFINITY;
  let bad = Number.isNaN(own) || own === Number.POSITIVE_INFINITY;
  for (let c = 0; c < others.length; c++) {
    const x = z[base + c] as number;
    if (c === label) continue;
    if (x > peak) peak = x;
    bad ||= Number.isNaN(x) || x === Number.POSITIVE_INFINITY;
  }
  split.sum = 0;
  for (let c = 0; c < others.length; c++) {
    const gone = c === label || peak === Number.NEGATIVE_INFINITY;
    others[c] = gone ? 0 : Math.exp((z[base + c] as number) - peak);
    split.sum += others[c] as number;
  }
  /** How far the other classes together lie above the label. */
  const lead = bad ? Number.NaN : peak - own + Math.log(split.sum);
  split.logP = -softplus(lead);
  split.logMiss = -softplus(-lead);
}

/** A loss of the label's probability, in float64. */
export function rowLabelCpu(request: Request, problem: RowLabelProblem): CpuOutcome {
  const { loss, rows, classes, shape, lossShape, first } = problem;
  const settings = settingsOf(request);
  const z = request.get(first).values();
  const labels = hostLabels(request.get(problem.labels)) as ArrayLike<number>;
  const ignored = request.numbers.ignoreIndex;
  const named = loss.labelFactor;
  const factorTensor = named ? request.tensors[named]?.values() : undefined;
  const factorNumber = named ? (request.numbers[named] ?? 1) : 1;
  const factorOf = (row: number): number =>
    factorTensor ? (factorTensor[labels[row] as number] as number) : factorNumber;
  const factors = rowFactors(request, lossShape, (row) => {
    if (labels[row] === ignored) return undefined;
    return loss.labelCounts ? factorOf(row) : 1;
  });
  const split: Split = { logP: 0, logMiss: 0, others: new Float64Array(classes), sum: 0 };
  const gradient = request.gradients[first] ? new Float64Array(rows * classes) : undefined;
  const values = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    if (!factors.active[row]) continue;
    const base = row * classes;
    const label = labels[row] as number;
    let value = 0;
    let slope = 0;
    if (loss.form === "logProbs") {
      [value, slope] = loss.label(z[base + label] as number, Number.NaN, settings);
    } else {
      splitRow(split, z, base, label);
      if (Number.isNaN(split.logP)) value = slope = Number.NaN;
      // Without another class the label is certain: no loss, and nothing that could change it.
      else if (split.sum > 0) [value, slope] = loss.label(split.logP, split.logMiss, settings);
    }
    const factor = factorOf(row);
    values[row] = (factors.value[row] as number) * factor * value;
    const g = (factors.gradient[row] as number) * factor;
    if (!gradient || g === 0) continue;
    if (Number.isNaN(slope)) gradient.fill(Number.NaN, base, base + classes);
    else if (loss.form === "logits" && split.sum > 0) {
      for (let c = 0; c < classes; c++) {
        gradient[base + c] = (-g * slope * (split.others[c] as number)) / split.sum;
      }
    }
    gradient[base + label] = g * slope;
  }
  const gradients = gradient ? { [first]: { shape, data: gradient } } : {};
  return { ...reduceValues(request, lossShape, values, factors), gradients, outputs: {} };
}
