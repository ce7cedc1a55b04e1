import { hostLabels } from "../labels.js";
import type { Geometry } from "../losses/crossEntropy.js";
import type { Request } from "../request.js";
import { type Factors, rowFactors } from "./factors.js";

/** A row's target distribution q, weights included, up to the part that lies on the label alone. */
export interface Targets {
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
  const ahead = shift > 0 ? 1 : 0;
  for (let row = 0; row < rows; row++) {
    const found = given[row + ahead] as number;
    labels[row] = found === ignored ? -1 : found;
  }
  // The last token of a shifted sequence has no next label.
  if (shift > 0) for (let row = shift - 1; row < rows; row += shift) labels[row] = -1;
  return labels;
}

export function readTargets(request: Request, geometry: Geometry): Targets {
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

export function factorsOf(
  request: Request,
  { lossShape, soft }: Geometry,
  { labels }: Targets,
): Factors {
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
