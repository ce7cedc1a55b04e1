import { denominatorOf } from "../denominator.js";
import type { Request } from "../request.js";
import type { CpuArray, Stats } from "../spec.js";
import { sizeOf } from "../tensor.js";

/** What each loss is multiplied by, in float64: the counterpart of shaders/prepare.wgsl. */
export class Factors {
  /** mask × sampleWeight; 0 on rows that are skipped. */
  readonly value: Float64Array;
  /** 1 where the row takes part. */
  readonly active: Uint8Array;
  readonly denominators: Float64Array;
  readonly segment: number;
  /** Rows that take part. */
  count = 0;
  readonly #request: Request;
  #gradient: Float64Array | undefined;

  constructor(request: Request, size: number, segment: number, segments: number) {
    this.#request = request;
    this.value = new Float64Array(size);
    this.active = new Uint8Array(size);
    this.denominators = new Float64Array(segments);
    this.segment = segment;
  }

  /** value × upstream ÷ denominator: a loss alone never asks. */
  get gradient(): Float64Array {
    this.#gradient ??= this.#computed();
    return this.#gradient;
  }

  #computed(): Float64Array {
    const { value, denominators, segment } = this;
    const upstream = this.#request.tensors.upstream?.values();
    const each = upstream?.length === 1 ? undefined : upstream;
    const common = upstream && !each ? (upstream[0] as number) : this.#request.number("upstream");
    const gradient = new Float64Array(value.length);
    for (let at = 0; at < denominators.length; at++) {
      const d = (denominators[at] as number) * denominators.length;
      if (d === 0) continue;
      const end = Math.min((at + 1) * segment, value.length);
      for (let row = at * segment; row < end; row++) {
        gradient[row] = ((value[row] as number) * (each ? (each[row] as number) : common)) / d;
      }
    }
    return gradient;
  }
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
  const factors = new Factors(request, size, segment, segments);
  const { value, active, denominators } = factors;
  const mask = request.tensors.mask?.values();
  const weight = request.tensors.sampleWeight?.values();
  const byClass = term === "classWeight" || term === "weight";
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
      sum += (term === "weight" ? factor : m) * (byClass ? c : 1);
    }
    denominators[at] = sum;
  }
  factors.count = count;
  if (term === "constant") {
    denominators.fill(request.tensors.denominator?.values()[0] ?? constant);
  }
  return factors;
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
