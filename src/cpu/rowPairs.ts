import type { PairGeometry, PairMeasure, RowPairSpec } from "../families/rowPairs.js";
import type { Request } from "../request.js";
import type { CpuArray, CpuOutcome } from "../spec.js";
import { directedLength, lengthOf } from "./embeddings.js";
import { reduceValues, rowFactors } from "./factors.js";

interface Measured {
  readonly distance: number;
  /** Whether x and y have no direction, where directions are compared. */
  readonly degenerate: readonly [boolean, boolean];
  /** Adds factor × the distance's gradient to both vectors' gradients. */
  pull(x: Float64Array, y: Float64Array, factor: number): void;
}

type Pair = (x: Float64Array, y: Float64Array, base: number, depth: number) => Measured;

function add(array: Float64Array, at: number, value: number): void {
  array[at] = (array[at] as number) + value;
}

const directed = [false, false] as const;

const squared: Pair = (x, y, base, depth) => {
  const difference = (k: number): number => (x[base + k] as number) - (y[base + k] as number);
  let distance = 0;
  for (let k = 0; k < depth; k++) distance += difference(k) ** 2;
  return {
    distance,
    degenerate: directed,
    pull(gx, gy, factor) {
      for (let k = 0; k < depth; k++) {
        add(gx, base + k, 2 * factor * difference(k));
        add(gy, base + k, -2 * factor * difference(k));
      }
    },
  };
};

/** The p-norm of x - y + eps; equal vectors have no direction to move in. */
const norm =
  (p: number, eps: number): Pair =>
  (x, y, base, depth) => {
    const d = new Float64Array(depth);
    let top = 0;
    for (let k = 0; k < depth; k++) {
      d[k] = (x[base + k] as number) - (y[base + k] as number) + eps;
      top = Math.max(top, Math.abs(d[k] as number));
    }
    const powers = (): number =>
      d.reduce((sum, v) => sum + (v === 0 ? 0 : Math.abs(v / top) ** p), 0);
    const size = top === 0 || p === Number.POSITIVE_INFINITY ? top : top * powers() ** (1 / p);
    const distance = p === 2 ? lengthOf(d, 0, depth) : size;
    const ties = d.reduce((count, v) => count + (Math.abs(v) === top ? 1 : 0), 0);
    const slope = (v: number): number => {
      if (v === 0) return 0;
      if (p === Number.POSITIVE_INFINITY) return Math.abs(v) === top ? Math.sign(v) / ties : 0;
      if (p === 2) return v / distance;
      return Math.sign(v) * (Math.abs(v) / distance) ** (p - 1);
    };
    return {
      distance,
      degenerate: directed,
      pull(gx, gy, factor) {
        if (distance === 0) return;
        for (let k = 0; k < depth; k++) {
          const g = factor * slope(d[k] as number);
          add(gx, base + k, g);
          add(gy, base + k, -g);
        }
      },
    };
  };

/** 1 - cos; a row without a direction has cosine 0 and gradient 0. */
const cosine: Pair = (x, y, base, depth) => {
  const a = directedLength(x, base, depth);
  const b = directedLength(y, base, depth);
  let dot = 0;
  const unitX = (k: number): number => (a === 0 ? 0 : (x[base + k] as number) / a);
  const unitY = (k: number): number => (b === 0 ? 0 : (y[base + k] as number) / b);
  for (let k = 0; k < depth; k++) dot += unitX(k) * unitY(k);
  return {
    distance: 1 - dot,
    degenerate: [a === 0, b === 0],
    pull(gx, gy, factor) {
      if (a === 0 || b === 0) return;
      for (let k = 0; k < depth; k++) {
        add(gx, base + k, (-factor * (unitY(k) - dot * unitX(k))) / a);
        add(gy, base + k, (-factor * (unitX(k) - dot * unitY(k))) / b);
      }
    },
  };
};

function pairOf(request: Request, measure: PairMeasure): Pair {
  if (measure === "squared") return squared;
  if (measure === "cosine") return cosine;
  return norm(measure === "p" ? request.number("p") : 2, request.numbers.eps ?? 0);
}

/** A vector that is not finite has no distance: no hinge turns that into 0. */
const lost = { value: Number.NaN, slopes: [Number.NaN, Number.NaN, Number.NaN] };

/** A loss on given pairs of vectors, in float64. */
export function rowPairsCpu(
  request: Request,
  { pairs, measure, names, shape, lossShape, rows, depth }: PairGeometry,
  judge: RowPairSpec["judge"],
): CpuOutcome {
  const factors = rowFactors(request, lossShape);
  const inputs = new Map(names.map((name) => [name, request.get(name).values()]));
  const labels = request.tensors.targets?.values();
  const compare = pairOf(request, measure);
  const scratch = new Map(names.map((name) => [name, new Float64Array(rows * depth)]));
  const of = (map: Map<string, Float64Array>, name: string) => map.get(name) as Float64Array;
  const values = new Float64Array(rows);
  let degenerate = 0;
  for (let row = 0; row < rows; row++) {
    if (!factors.active[row]) continue;
    const measured = pairs.map(([x, y]) =>
      compare(of(inputs, x), of(inputs, y), row * depth, depth),
    );
    const label = labels ? (labels[row] as number) : 0;
    const distances = measured.map(({ distance }) => distance);
    const { value, slopes } = distances.every(Number.isFinite)
      ? judge(distances, label, request.numbers, request.choices)
      : lost;
    values[row] = (factors.value[row] as number) * value;
    // A vector counts once, however many pairs it is in.
    degenerate += new Set(
      pairs.flatMap((pair, at) => pair.filter((_, side) => measured[at]?.degenerate[side])),
    ).size;
    const g = factors.gradient[row] as number;
    for (const [at, [x, y]] of pairs.entries()) {
      const factor = g * (slopes[at] as number);
      if (g === 0 || factor === 0) continue;
      measured[at]?.pull(of(scratch, x), of(scratch, y), factor);
    }
  }
  const { loss, stats } = reduceValues(request, lossShape, values, factors);
  const gradients: Record<string, CpuArray> = {};
  for (const name of names) {
    if (request.gradients[name]) gradients[name] = { shape, data: of(scratch, name) };
  }
  return { loss, gradients, outputs: {}, stats: { ...stats, degenerate } };
}
