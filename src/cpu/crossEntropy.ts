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
  slopeOfTransform,
  type Transform,
} from "./softmaxRow.js";

/** A row's target distribution q, weights included, up to the part that lies on the label alone. */
interface Targets {
  /** The label of each row; -1 where it takes no part, 0 for probabilities. */
  readonly labels: Int32Array;
  /** (1 - labelSmoothing) · weight of the label; 0 for probabilities. */
  own(label: number): number;
  /** Whether classes beside the label have a part. */
  readonly spreads: boolean;
  /** The part of class `c`, whose logit is element `at`. */
  share(c: number, at: number): number;
  /** Sum of the shares where it does not depend on the row. */
  readonly spreadMass: number;
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
  const { classes, rows, soft } = geometry;
  const weight = request.tensors.weight?.values();
  const smoothing = request.number("labelSmoothing");
  const spread = smoothing / classes;
  const weightOf = (c: number): number => (weight ? (weight[c] as number) : 1);
  const targets = request.get("targets");
  if (soft) {
    const t = targets.values();
    const share = (c: number, at: number): number =>
      ((1 - smoothing) * (t[at] as number) + spread) * weightOf(c);
    return { labels: new Int32Array(rows), own: () => 0, spreads: true, share, spreadMass: 0 };
  }
  // Only smoothing looks at the weights of all classes: without it an unused weight may be NaN.
  const total = spread > 0 ? (weight?.reduce((sum, w) => sum + w, 0) ?? classes) : 0;
  return {
    labels: labelsOf(request, geometry),
    own: (c) => (1 - smoothing) * weightOf(c),
    spreads: spread > 0,
    share: (c) => spread * weightOf(c),
    spreadMass: spread * total,
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
function spreadLoss(row: SoftmaxRow, targets: Targets, base: number, stride: number): number {
  let value = 0;
  for (let c = 0, at = base; c < row.u.length; c++, at += stride) {
    const q = targets.share(c, at);
    // 0 · log 0 is 0: a class without target mass adds nothing, even at -inf.
    if (q !== 0) value += q * costOf(row, c);
  }
  return value;
}

function massOf(targets: Targets, base: number, stride: number, classes: number): number {
  let mass = 0;
  for (let c = 0, at = base; c < classes; c++, at += stride) mass += targets.share(c, at);
  return mass;
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
  // Nothing but p - onehot: no other class has a part, and no logit a slope of its own.
  const isPlain = !targets.spreads && transform.softcap === 0 && !learns;

  const row = makeRow(classes);
  const isBare = isPlain && !soft && !reports && zLoss === 0 && transform.temperature === 1;
  if (isBare) {
    const { labels } = targets;
    plainRows({ z, labels, classes, stride, weight, factors }, values, gradient);
  } else {
    for (let at = 0; at < rows; at++) {
      const base =
        stride === 1 ? at * classes : Math.floor(at / stride) * classes * stride + (at % stride);
      if (!factors.active[at]) {
        clear(base);
        continue;
      }
      scanRow(row, z, base, stride, transform);
      const label = targets.labels[at] as number;
      const lse = row.max + row.logSum;
      const own = targets.own(label);
      const cost = soft ? 0 : costOf(row, label);
      // 0 log 0 is 0.
      let value = own === 0 && cost === Number.POSITIVE_INFINITY ? 0 : own * cost;
      if (targets.spreads) value += spreadLoss(row, targets, base, stride);
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
      const mass = soft ? massOf(targets, base, stride, classes) : own + targets.spreadMass;
      const pull = mass + 2 * zLoss * lse;
      if (gradient && isPlain) {
        const factor = (g * pull) / (row.sum * transform.temperature);
        for (let c = 0, i = base; c < classes; c++, i += stride) {
          gradient[i] = factor * (row.e[c] as number);
        }
        gradient[base + label * stride] =
          (g * labelSlope(row, label, own, pull)) / transform.temperature;
      } else if (gradient || learns) {
        for (let c = 0, i = base; c < classes; c++, i += stride) {
          let slope = (pull * (row.e[c] as number)) / row.sum;
          if (!soft && c === label) slope = labelSlope(row, label, own, pull);
          if (targets.spreads) slope -= targets.share(c, i);
          slope *= slopeOfTransform(row, c, transform);
          // Before the gradient, which may take its place.
          const x = z[i] as number;
          if (gradient) gradient[i] = g * slope;
          if (slope !== 0) temperatureGradient -= (g * slope * x) / transform.temperature;
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
