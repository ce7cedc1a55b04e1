import type { Geometry } from "../families/arrangement.js";
import type { Request } from "../request.js";
import type { CpuOutcome } from "../spec.js";
import { positivesOf } from "./contrast.js";
import { type Judge, pairwiseCpu } from "./pairwise.js";

/** The positives and the negatives of an anchor. */
function sidesOf(
  anchor: number,
  columns: number,
  isPositive: (row: number, column: number) => boolean,
): { positives: number[]; negatives: number[] } {
  const positives: number[] = [];
  const negatives: number[] = [];
  for (let c = 0; c < columns; c++) {
    if (c !== anchor) (isPositive(anchor, c) ? positives : negatives).push(c);
  }
  return { positives, negatives };
}

/** The triplets of an anchor that are looked at, as pairs of columns. */
function tripletsOf(
  mining: string,
  { positives, negatives }: { positives: number[]; negatives: number[] },
  distance: (column: number) => number,
): (readonly [number, number])[] {
  const farthest = (list: readonly number[]): number =>
    list.reduce((best, c) => (distance(c) > distance(best) ? c : best));
  const nearest = (list: readonly number[]): number =>
    list.reduce((best, c) => (distance(c) < distance(best) ? c : best));
  if (mining === "all") return positives.flatMap((p) => negatives.map((n) => [p, n] as const));
  if (mining === "hard") return [[farthest(positives), nearest(negatives)]];
  return positives.map((p) => {
    const farther = negatives.filter((n) => distance(n) > distance(p));
    return [p, farther.length > 0 ? nearest(farther) : farthest(negatives)];
  });
}

/** Mean hinge over the mined triplets of each anchor. */
const judgeTriplets: Judge = ({ scores, scale, bias }, request, geometry, factors) => {
  const { rows, columns } = geometry;
  const isPositive = positivesOf(request, geometry);
  const margin = request.number("margin");
  const activeAtKink = request.choices.kink === "torch";
  const values = new Float64Array(rows);
  const slopes = new Float64Array(rows * columns);
  for (let anchor = 0; anchor < rows; anchor++) {
    if (!factors.active[anchor]) continue;
    const distance = (c: number): number => scale * (scores[anchor * columns + c] as number) + bias;
    const sides = sidesOf(anchor, columns, isPositive);
    const triplets = tripletsOf(request.choices.mining as string, sides, distance);
    const g = (factors.gradient[anchor] as number) / triplets.length;
    let sum = 0;
    for (const [p, n] of triplets) {
      const hinge = distance(p) - distance(n) + margin;
      if (!(hinge <= 0)) sum += hinge;
      if (hinge > 0 || (activeAtKink && hinge === 0)) {
        slopes[anchor * columns + p] = (slopes[anchor * columns + p] as number) + g;
        slopes[anchor * columns + n] = (slopes[anchor * columns + n] as number) - g;
      }
    }
    values[anchor] = sum / triplets.length;
  }
  return { values, slopes, outputs: {} };
};

/** Anchors without a positive or without a negative have no triplet: they take no part. */
function hasTriplet(request: Request, geometry: Geometry): (row: number) => boolean {
  const isPositive = positivesOf(request, geometry);
  return (row) => {
    const { positives, negatives } = sidesOf(row, geometry.columns, isPositive);
    return positives.length > 0 && negatives.length > 0;
  };
}

export const miningCpu = (request: Request, geometry: Geometry): CpuOutcome =>
  pairwiseCpu(request, geometry, judgeTriplets, hasTriplet(request, geometry));
