import type { Geometry } from "../families/arrangement.js";
import type { CpuPath } from "../spec.js";
import { positivesOf } from "./contrast.js";
import { type Judge, pairwiseCpu } from "./pairwise.js";

/** How one pair is judged: its value, and the value's slope with respect to the score. */
export interface PairHook {
  readonly pair: (score: number, isPositive: boolean) => readonly [value: number, slope: number];
  /** The same as `fn pair(score: f32, isPositive: bool) -> Dual`. */
  readonly wgsl: string;
}

/** Judges every pair alone and sums over each row. */
const judgePairs =
  (hook: PairHook["pair"]): Judge =>
  ({ scores, scale, bias }, request, geometry, factors) => {
    const { rows, columns } = geometry;
    const isPositive = positivesOf(request, geometry);
    const values = new Float64Array(rows);
    const slopes = new Float64Array(rows * columns);
    for (let i = 0; i < rows; i++) {
      if (!factors.active[i]) continue;
      const g = factors.gradient[i] as number;
      let sum = 0;
      for (let j = 0; j < columns; j++) {
        const at = i * columns + j;
        const [value, slope] = hook(scale * (scores[at] as number) + bias, isPositive(i, j));
        sum += value;
        slopes[at] = g === 0 ? 0 : g * slope;
      }
      values[i] = sum;
    }
    return { values, slopes, outputs: {} };
  };

/** The losses that are a sum over pairs. */
export const pairHookCpu =
  (hook: PairHook["pair"]): CpuPath<Geometry> =>
  (request, geometry) =>
    pairwiseCpu(request, geometry, judgePairs(hook));
