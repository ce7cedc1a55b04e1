import { denominatorOf } from "../denominator.js";
import type { Request } from "../request.js";
import type { CpuArray, Stats } from "../spec.js";
import { sizeOf } from "../tensor.js";

/** What each loss is multiplied by, in float64: the counterpart of shaders/prepare.wgsl. */
export interface Factors {
  /** mask × sampleWeight; 0 on rows that are skipped. */
  readonly value: Float64Array;
  /** value × upstream ÷ denominator; empty where no gradient is asked for. */
  readonly gradient: Float64Array;
  /** 1 where the row takes part. */
  readonly active: Uint8Array;
  readonly denominators: Float64Array;
  readonly segment: number;
  readonly count: number;
}

/**
 * Factors of every row of losses of `shape`. `classWeight` tells a row's class weight, or undefined where the
 * row is ignored.
 */
export function rowFactors(
  request: Request,
  shape: readonly number[],
  classWeight: (row: number) => number | undefined = () => 1,
): Factors {
  const size = sizeOf(shape);
  const { term, value: constant, segment, segments } = denominatorOf(request, shape);
  const mask = request.tensors.mask?.values();
  const weight = request.tensors.sampleWeight?.values();
  const upstream = request.tensors.upstream?.values();
  const value = new Float64Array(size);
  const active = new Uint8Array(size);
  const denominators = new Float64Array(segments);
  let count = 0;
  for (let at = 0; at < segments; at++) {
    const end = Math.min((at + 1) * segment, size);
    let sum = 0;
    for (let row = at * segment; row < end; row++) {
      const m = mask ? Number(mask[row]) : 1;
      const c = m === 0 ? undefined : classWeight(row);
      if (c === undefined) continue;
      const factor = weight ? m * (weight[row] as number) : m;
      active[row] = 1;
      count += 1;
      value[row] = factor;
      sum += (term === "weight" ? factor : m) * (term === "mask" ? 1 : c);
    }
    denominators[at] = sum;
  }
  if (term === "constant") {
    denominators.fill(request.tensors.denominator?.values()[0] ?? constant);
  }
  const gradient = new Float64Array(Object.keys(request.gradients).length > 0 ? size : 0);
  const each = upstream?.length === 1 ? undefined : upstream;
  const common = upstream && !each ? (upstream[0] as number) : request.number("upstream");
  for (let at = 0; at < segments; at++) {
    const d = (denominators[at] as number) * segments;
    if (d === 0) continue;
    const end = Math.min((at + 1) * segment, gradient.length);
    for (let row = at * segment; row < end; row++) {
      gradient[row] = ((value[row] as number) * (each ? (each[row] as number) : common)) / d;
    }
  }
  return { value, gradient, active, denominators, segment, count };
}

/** The loss of weighted row values: all of them, or their sum over the denominators. */
export function reduceValues(
  request: Request,
  shape: readonly number[],
  values: Float64Array,
  factors: Factors,
): { loss: CpuArray; stats: Stats } {
  const { denominators, segment, count } = factors;
  let nonFinite = 0;
  for (let row = 0; row < values.length; row++) if (!Number.isFinite(values[row])) nonFinite += 1;
  const denominator = denominators.reduce((sum, d) => sum + d, 0);
  const stats = { count, denominator, outOfRange: 0, nonFinite, degenerate: 0 };
  if (request.reduction === "none") return { loss: { shape, data: values }, stats };
  let loss = 0;
  let filled = false;
  for (const [at, d] of denominators.entries()) {
    if (d === 0) continue;
    filled = true;
    let sum = 0;
    const end = Math.min((at + 1) * segment, values.length);
    for (let row = at * segment; row < end; row++) sum += values[row] as number;
    loss += sum / (d * denominators.length);
  }
  // The mean over sequences is over all of them: an empty one counts as 0.
  const isMean = request.reduction !== "sequenceMean";
  if (!filled && isMean && request.emptyMean === "nan") loss = Number.NaN;
  return { loss: { shape: [], data: Float64Array.of(loss) }, stats };
}
