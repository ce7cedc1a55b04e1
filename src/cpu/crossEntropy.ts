import { hostLabels } from "../labels.js";
import type { Geometry } from "../losses/crossEntropy.js";
import type { Request } from "../request.js";
import type { CpuArray, CpuOutcome, Room } from "../spec.js";
import { plainRows } from "./crossEntropyPlain.js";
import { type Factors, reduceValues, rowFactors } from "./factors.js";
import {
  costOf,
  entropyOf,
  logSumExpOf,
  makeRow,
  type SoftmaxRow,
  scanRow,
  startOf,
  type Transform,
  throughTransform,
} from "./softmaxRow.js";

/** A row's target distribution q, weights included, up to the part that lies on the label alone. */
interface Targets {
  /** The label of each row; -1 where it takes no part, 0 for probabilities. */
  readonly labels: Int32Array;
  /** (1 - labelSmoothing) · weight of the label; 0 for probabilities. */
  own(label: number): number;
  /** The parts of all classes in the row read last; undefined where none but the label has one. */
  readonly shares: Float64Array | undefined;
  /** Reads the shares of the row whose logits begin at `base`, and gives their sum. */
  read(base: number): number;
}

function labelsOf(request: Request, { rows, shift }: Geometry): Int32Array {
  const given = hostLabels(request.get("targets")) as ArrayLike<number>;
  const ignored = request.number("ignoreIndex");
  const labels = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const found = given[shift ? row + 1 : row] as number;
    // The last token of a shifted sequence has no next label.
    const isLast = shift > 0 && row % shift === shift - 1;
    labels[row] = isLast || found === ignored ? -1 : found;
  }
  return labels;
}

function readTargets(request: Request, geometry: Geometry): Targets {
  const { classes, classStride, rows, soft } = geometry;
  const weight = request.tensors.weight?.values();
  const smoothing = request.number("labelSmoothing");
  const spread = smoothing / classes;
  const weightOf = (c: number): number => (weight ? (weight[c] as number) : 1);
  const targets = request.get("targets");
  if (soft) {
    const t = targets.values();
    const shares = new Float64Array(classes);
    const read = (base: number): number => {
      let mass = 0;
      for (let c = 0, at = base; c < classes; c++, at += classStride) {
        mass += shares[c] = ((1 - smoothing) * (t[at] as number) + spread) * weightOf(c);
      }
      return mass;
    };
    return { labels: new Int32Array(rows), own: () => 0, shares, read };
  }
  // Only smoothing looks at the weights of all classes: without it an unused weight may be NaN.
  const total = spread > 0 ? (weight?.reduce((sum, w) => sum + w, 0) ?? classes) : 0;
  return {
    labels: labelsOf(request, geometry),
    own: (c) => (1 - smoothing) * weightOf(c),
    shares: spread > 0 ? new Float64Array(classes).map((_, c) => spread * weightOf(c)) : undefined,
    read: () => spread * total,
  };
}

function factorsOf(request: Request, { lossShape, soft }: Geometry, { labels }: Targets): Factors {
  const weight = soft ? undefined : request.tensors.weight?.values();
  return rowFactors(request, lossShape, (at) => {
    const label = labels[at] as number;
    if (label < 0) return undefined;
    return weight ? weight[label] : 1;
  });
}

/** Labels (-1 where a row takes no part) and factors of all rows, without looking at a logit. */
export function rowsOf(
  request: Request,
  geometry: Geometry,
): { labels: Int32Array; factors: Factors } {
  const targets = readTargets(request, geometry);
  const factors = factorsOf(request, geometry, targets);
  const labels = targets.labels.map((label, at) => (factors.active[at] ? label : -1));
  return { labels, factors };
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

/** Writes the outputs of a row that follow from its softmax. */
function reportRow(
  outputs: Readonly<Record<string, CpuArray>>,
  at: number,
  row: SoftmaxRow,
  label: number,
): void {
  const { logSumExp, logProbs, entropy } = outputs;
  if (logSumExp) logSumExp.data[at] = logSumExpOf(row);
  if (logProbs) logProbs.data[at] = -costOf(row, label);
  if (entropy) entropy.data[at] = entropyOf(row);
}

/** Cross-entropy: one exponential per element, kept for the gradient. */
export function crossEntropyCpu(request: Request, geometry: Geometry, room: Room): CpuOutcome {
  const { rows, classes, classStride: stride, lossShape } = geometry;
  const soft = geometry.soft ? request.get("targets").values() : undefined;
  const z = request.get("logits").values();
  const targets = readTargets(request, geometry);
  const weight = request.tensors.weight?.values();
  const transform: Transform = {
    temperature: request.tensors.temperature?.values()[0] ?? request.number("temperature"),
    softcap: request.number("softcap"),
  };
  const zLoss = request.number("zLoss");
  const factors = factorsOf(request, geometry, targets);
  const values = new Float64Array(rows);
  const outputs: Record<string, CpuArray> = {};
  for (const name of request.outputs) {
    if (name === "perplexity") continue;
    outputs[name] = { shape: lossShape, data: new Float64Array(rows) };
  }
  const reports = Object.keys(outputs).length > 0;
  const roomFor = (name: "logits" | "targets"): CpuArray["data"] | undefined =>
    request.gradients[name] ? room(name, rows * classes) : undefined;
  const gradient = roomFor("logits");
  const targetsGradient = roomFor("targets");
  const clear = (base: number): void => {
    for (let c = 0, i = base; c < classes; c++, i += stride) {
      if (gradient) gradient[i] = 0;
      if (targetsGradient) targetsGradient[i] = 0;
    }
  };
  let temperatureGradient = 0;
  const learns = request.gradients.temperature !== undefined;
  const { shares } = targets;
  const isBare = transform.softcap === 0 && transform.temperature === 1 && zLoss === 0;
  // Nothing but p - onehot.
  if (isBare && !shares && !learns && !reports) {
    const { labels } = targets;
    plainRows({ z, labels, classes, stride, weight, factors }, values, gradient);
  } else {
    const row = makeRow(classes);
    const slopes = new Float64Array(gradient || learns ? classes : 0);
    for (let at = 0; at < rows; at++) {
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

      if (reports) {
        reportRow(outputs, at, row, label);
        if (outputs.correct) {
          // Of the logits as they are: a soft cap makes large ones equal.
          const best = firstLargest(z, base, stride, classes);
          const right = soft ? firstLargest(soft, base, stride, classes) : label;
          outputs.correct.data[at] = best === right && best >= 0 ? 1 : 0;
        }
      }

      const g = factors.gradient[at] as number;
      if (g === 0) {
        // Nothing is asked of this row, whatever it holds.
        clear(base);
        continue;
      }
      if (gradient || learns) {
        const pull = mass + 2 * zLoss * lse;
        const part = pull / row.sum;
        for (let c = 0; c < classes; c++) slopes[c] = part * (row.e[c] as number);
        if (!soft) slopes[label] = labelSlope(row, label, own, pull);
        if (shares) for (let c = 0; c < classes; c++) (slopes[c] as number) -= shares[c] as number;
        throughTransform(slopes, row, transform);
        for (let c = 0, i = base; learns && c < classes; c++, i += stride) {
          const slope = slopes[c] as number;
          if (slope === 0) continue;
          temperatureGradient -= (g * slope * (z[i] as number)) / transform.temperature;
        }
        // Last, for it may take the place of the logits.
        for (let c = 0, i = base; gradient && c < classes; c++, i += stride) {
          gradient[i] = g * (slopes[c] as number);
        }
      }
      if (targetsGradient) {
        const kept = 1 - request.number("labelSmoothing");
        for (let c = 0, i = base; c < classes; c++, i += stride) {
          targetsGradient[i] = g * kept * (weight ? (weight[c] as number) : 1) * costOf(row, c);
        }
      }
    }
  }

  const { loss, stats } = reduceValues(request, lossShape, values, factors);
  if (request.outputs.has("perplexity")) {
    outputs.perplexity = { shape: [], data: Float64Array.of(Math.exp(loss.data[0] as number)) };
  }
  const shape = request.get("logits").shape ?? [...lossShape, classes];
  const gradients: Record<string, CpuArray> = {};
  if (gradient) gradients.logits = { shape, data: gradient };
  if (targetsGradient) gradients.targets = { shape, data: targetsGradient };
  if (learns) {
    gradients.temperature = { shape: [], data: Float64Array.of(temperatureGradient) };
  }
  return { loss, gradients, outputs, stats };
}
