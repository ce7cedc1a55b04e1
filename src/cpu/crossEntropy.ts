import { hostLabels } from "../labels.js";
import type { Geometry } from "../losses/crossEntropy.js";
import type { Request } from "../request.js";
import type { CpuArray, CpuOutcome } from "../spec.js";
import { type Factors, reduceValues, rowFactors } from "./factors.js";
import {
  costOf,
  entropyOf,
  makeRow,
  type SoftmaxRow,
  scanRow,
  slopeOfTransform,
  type Transform,
} from "./softmaxRow.js";

/** A row's target distribution q, weights included, up to the part that lies on the label alone. */
interface Targets {
  /** The label of a row; -1 where it takes no part, 0 for probabilities. */
  label(row: number): number;
  /** (1 - labelSmoothing) · weight of the label; 0 for probabilities. */
  own(label: number): number;
  /** Whether classes beside the label have a part. */
  readonly spreads: boolean;
  /** The part of class `c`, whose logit is element `at`. */
  share(c: number, at: number): number;
  /** Sum of the shares where it does not depend on the row. */
  readonly spreadMass: number;
}

function readTargets(request: Request, { classes, soft, shift }: Geometry): Targets {
  const weight = request.tensors.weight?.values();
  const smoothing = request.number("labelSmoothing");
  const spread = smoothing / classes;
  const weightOf = (c: number): number => (weight ? (weight[c] as number) : 1);
  const targets = request.get("targets");
  if (soft) {
    const t = targets.values();
    const share = (c: number, at: number): number =>
      ((1 - smoothing) * (t[at] as number) + spread) * weightOf(c);
    return { label: () => 0, own: () => 0, spreads: true, share, spreadMass: 0 };
  }
  const labels = hostLabels(targets) as ArrayLike<number>;
  const ignored = request.number("ignoreIndex");
  const label = (row: number): number => {
    // The last token of a shifted sequence has no next label.
    if (shift && row % shift === shift - 1) return -1;
    const found = labels[shift ? row + 1 : row] as number;
    return found === ignored ? -1 : found;
  };
  // Only smoothing looks at the weights of all classes: without it an unused weight may be NaN.
  const total = spread > 0 ? (weight?.reduce((sum, w) => sum + w, 0) ?? classes) : 0;
  return {
    label,
    own: (c) => (1 - smoothing) * weightOf(c),
    spreads: spread > 0,
    share: (c) => spread * weightOf(c),
    spreadMass: spread * total,
  };
}

function factorsOf(request: Request, { lossShape, soft }: Geometry, targets: Targets): Factors {
  const weight = request.tensors.weight?.values();
  return rowFactors(request, lossShape, (at) => {
    const label = targets.label(at);
    if (label < 0) return undefined;
    return soft || !weight ? 1 : weight[label];
  });
}

/** Labels (-1 where a row takes no part) and factors of all rows, without looking at a logit. */
export function rowsOf(
  request: Request,
  geometry: Geometry,
): { labels: Int32Array; factors: Factors } {
  const targets = readTargets(request, geometry);
  const factors = factorsOf(request, geometry, targets);
  const labels = new Int32Array(geometry.rows);
  for (let at = 0; at < labels.length; at++) {
    labels[at] = factors.active[at] ? targets.label(at) : -1;
  }
  return { labels, factors };
}

/** The loss of one row, and the mass of its target distribution. */
function rowLoss(
  row: SoftmaxRow,
  targets: Targets,
  label: number,
  base: number,
  stride: number,
  soft: boolean,
): { value: number; mass: number } {
  const own = targets.own(label);
  let value = soft ? 0 : own * costOf(row, label);
  let mass = own + targets.spreadMass;
  if (!targets.spreads) return { value, mass };
  for (let c = 0, at = base; c < row.u.length; c++, at += stride) {
    const q = targets.share(c, at);
    // 0 · log 0 is 0: a class without target mass adds nothing, even at -inf.
    if (q !== 0) value += q * costOf(row, c);
    if (soft) mass += q;
  }
  return { value, mass };
}

/** The first largest of a row's probability targets. */
function bestTarget(t: ArrayLike<number>, base: number, stride: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) {
    if ((t[base + c * stride] as number) > (t[base + best * stride] as number)) best = c;
  }
  return best;
}

/** Cross-entropy in float64: one exponential per element, kept for the gradient. */
export function crossEntropyCpu(request: Request, geometry: Geometry): CpuOutcome {
  const { rows, classes, classStride: stride, lossShape, soft } = geometry;
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
  const put = (name: string, at: number, value: () => number): void => {
    if (!request.outputs.has(name)) return;
    outputs[name] ??= { shape: lossShape, data: new Float64Array(rows) };
    outputs[name].data[at] = value();
  };
  const fresh = (wanted: unknown): Float64Array | undefined =>
    wanted ? new Float64Array(rows * classes) : undefined;
  const gradient = fresh(request.gradients.logits);
  const targetsGradient = fresh(request.gradients.targets);
  let temperatureGradient = 0;

  const row = makeRow(classes);
  for (let at = 0; at < rows; at++) {
    if (!factors.active[at]) {
      for (const name of request.outputs) if (name !== "perplexity") put(name, at, () => 0);
      continue;
    }
    const base =
      stride === 1 ? at * classes : Math.floor(at / stride) * classes * stride + (at % stride);
    scanRow(row, z, base, stride, transform);
    const label = targets.label(at);
    const lse = row.max + row.logSum;
    const { value, mass } = rowLoss(row, targets, label, base, stride, soft);
    values[at] = (factors.value[at] as number) * (value + zLoss * lse * lse);

    put("logSumExp", at, () => lse);
    put("logProbs", at, () => -costOf(row, label));
    put("entropy", at, () => entropyOf(row));
    put("correct", at, () => {
      const best = soft
        ? bestTarget(request.get("targets").values(), base, stride, classes)
        : label;
      return row.argmax === best ? 1 : 0;
    });

    const g = factors.gradient[at] as number;
    if (g === 0) continue;
    if (gradient || request.gradients.temperature) {
      const own = targets.own(label);
      const pull = mass + 2 * zLoss * lse;
      for (let c = 0, i = base; c < classes; c++, i += stride) {
        const p = (row.e[c] as number) / row.sum;
        let slope = pull * p;
        if (!soft && c === label) {
          // On a confident row p - 1 would cancel; the mass of the other classes does not.
          const rest = c === row.argmax ? row.others / row.sum : 1 - p;
          slope = (pull - own) * p - own * rest;
        }
        if (targets.spreads) slope -= targets.share(c, i);
        slope *= slopeOfTransform(row, c, transform);
        if (gradient) gradient[i] = g * slope;
        const x = z[i] as number;
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

  const { loss, stats } = reduceValues(request, lossShape, values, factors);
  if (request.outputs.has("perplexity")) {
    outputs.perplexity = { shape: [], data: Float64Array.of(Math.exp(loss.data[0] as number)) };
  }
  for (const name of request.outputs) {
    outputs[name] ??= { shape: lossShape, data: new Float64Array(rows) };
  }
  const shape = request.get("logits").shape ?? [...lossShape, classes];
  const gradients: Record<string, CpuArray> = {};
  if (gradient) gradients.logits = { shape, data: gradient };
  if (targetsGradient) gradients.targets = { shape, data: targetsGradient };
  if (request.gradients.temperature) {
    gradients.temperature = { shape: [], data: Float64Array.of(temperatureGradient) };
  }
  return { loss, gradients, outputs, stats };
}
