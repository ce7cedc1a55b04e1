import { hostLabels } from "../labels.js";
import type { ReduceGeometry } from "../losses/reduce.js";
import type { Request } from "../request.js";
import type { CpuArray, CpuOutcome, Stats } from "../spec.js";
import { sizeOf } from "../tensor.js";
import { reduceValues, rowFactors } from "./factors.js";

type Numbers = ArrayLike<number>;

/** The request as the shared parts read it, to which the weights are `sampleWeight`. */
function withSampleWeight(request: Request): Request {
  const { weights } = request.tensors;
  if (!weights) return request;
  return Object.assign(Object.create(request) as Request, {
    tensors: { ...request.tensors, sampleWeight: weights },
  });
}

interface Wanted {
  readonly losses: Float64Array | undefined;
  readonly weights: Float64Array | undefined;
}

/** A mean that is not finite leaves no slope by its weights. */
const pulled = (mean: number): number => (Number.isFinite(mean) ? mean : Number.NaN);

function wanted({ gradients }: Request, size: number): Wanted {
  const fresh = (name: string) => (gradients[name] ? new Float64Array(size) : undefined);
  return { losses: fresh("losses"), weights: fresh("weights") };
}

function published(shape: readonly number[], found: Wanted): Record<string, CpuArray> {
  const gradients: Record<string, CpuArray> = {};
  for (const [name, data] of Object.entries(found)) if (data) gradients[name] = { shape, data };
  return gradients;
}

function whole(request: Request, lossShape: readonly number[]): CpuOutcome {
  const losses = request.get("losses").values();
  const mask = request.tensors.mask?.values() as Numbers | undefined;
  const upstream = request.tensors.upstream?.values();
  const known = withSampleWeight(request);
  const factors = rowFactors(known, lossShape);
  const { segment, denominators, gradient, active } = factors;
  // Not losses.map: of float32 losses that would be a float32 array.
  const values = Float64Array.from(losses, (loss, at) =>
    active[at] ? (factors.value[at] as number) * loss : 0,
  );
  const found = wanted(request, sizeOf(lossShape));
  found.losses?.set(gradient);
  if (found.weights) {
    // A mean over the weights also falls as a weight grows.
    const isMean = request.reduction === "weightedMean";
    const pull = isMean ? values.reduce((sum, v, at) => sum + v * upstreamAt(at), 0) : 0;
    for (const at of losses.keys()) {
      const d = (denominators[Math.floor(at / segment)] as number) * denominators.length;
      if (!active[at] || d === 0) continue;
      const m = mask ? Number(mask[at]) : 1;
      const loss = losses[at] as number;
      found.weights[at] = (m * (upstreamAt(at) * loss - pulled(pull / d))) / d;
    }
  }
  function upstreamAt(at: number): number {
    if (!upstream) return request.number("upstream");
    return upstream[upstream.length === 1 ? 0 : at] as number;
  }
  return {
    ...reduceValues(known, lossShape, values, factors),
    gradients: published(lossShape, found),
    outputs: {},
  };
}

/** What a segment's sum is divided by, given the sums of its mask and of mask × weight. */
function denominatorOf(request: Request, length: number, mask: number, weight: number): number {
  switch (request.reduction) {
    case "sum":
      return 1;
    case "meanCount":
    case "batchMean":
      return length;
    case "weightedMean":
      return weight;
    case "denominator":
      return request.tensors.denominator?.values()[0] ?? request.number("denominator");
    default:
      return mask;
  }
}

function inSegments(request: Request, lossShape: readonly number[], segments: number): CpuOutcome {
  const losses = request.get("losses").values();
  const mask = request.tensors.mask?.values() as Numbers | undefined;
  const weights = request.tensors.weights?.values();
  const upstream = request.tensors.upstream?.values();
  const offsets = hostLabels(request.get("segments")) as Numbers;
  const found = wanted(request, losses.length);
  const values = new Float64Array(segments);
  const stats = { count: 0, denominator: 0, outOfRange: 0, nonFinite: 0, degenerate: 0 };
  const isSequences = request.reduction === "sequenceMean";
  const parts = isSequences ? segments : 1;
  const empty = isSequences || request.emptyMean === "zero" ? 0 : Number.NaN;
  const maskAt = (at: number): number => (mask ? Number(mask[at]) : 1);
  const weightAt = (at: number): number => (weights ? (weights[at] as number) : 1);

  for (let segment = 0; segment < segments; segment++) {
    const begin = offsets[segment] as number;
    const end = offsets[segment + 1] as number;
    let sum = 0;
    let masks = 0;
    let both = 0;
    for (let at = begin; at < end; at++) {
      const m = maskAt(at);
      if (m === 0) continue;
      const value = m * weightAt(at) * (losses[at] as number);
      sum += value;
      masks += m;
      both += m * weightAt(at);
      stats.count += 1;
      if (!Number.isFinite(value)) stats.nonFinite += 1;
    }
    const d = denominatorOf(request, end - begin, masks, both);
    stats.denominator += d;
    values[segment] = d === 0 ? empty : sum / d;
    if (d === 0) continue;
    const u = upstream
      ? (upstream[upstream.length === 1 ? 0 : segment] as number)
      : request.number("upstream");
    const pull = request.reduction === "weightedMean" ? sum / d : 0;
    for (let at = begin; at < end; at++) {
      const m = maskAt(at);
      if (m === 0) continue;
      const g = (u * m) / (d * parts);
      if (found.losses) found.losses[at] = g * weightAt(at);
      if (found.weights) found.weights[at] = g * ((losses[at] as number) - pulled(pull));
    }
  }
  const loss = isSequences
    ? { shape: [], data: Float64Array.of(values.reduce((sum, v) => sum + v, 0) / parts) }
    : { shape: [segments], data: values };
  return { loss, gradients: published(lossShape, found), outputs: {}, stats: stats as Stats };
}

/** The named reductions in float64, over all losses or segment by segment. */
export function reduceCpu(request: Request, { lossShape, segments }: ReduceGeometry): CpuOutcome {
  return segments === undefined
    ? whole(request, lossShape)
    : inSegments(request, lossShape, segments);
}
