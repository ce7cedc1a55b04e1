import { expOfNegative } from "./exponentials.js";
import type { Factors } from "./factors.js";

/** What the rows of a plain cross-entropy are: class numbers, no option that touches the logits, no outputs. */
export interface PlainRows {
  readonly z: ArrayLike<number>;
  readonly labels: Int32Array;
  readonly classes: number;
  readonly stride: number;
  /** Weight of each class; without it all weigh 1. */
  readonly weight: ArrayLike<number> | undefined;
  readonly factors: Factors;
}

/**
 * Values and gradients of all rows in three short loops a row. Most rows of the world have few classes, and what the
 * options need (a copy of the row, calls, fields) takes as long as ten exponentials.
 */
export function plainRows(
  { z, labels, classes, stride, weight, factors }: PlainRows,
  values: Float64Array,
  gradient: Float32Array | Float64Array | undefined,
): void {
  const { active, value: valueFactors, gradient: gradientFactors } = factors;
  const e = new Float64Array(classes);
  const image = classes * stride;
  for (let row = 0, base = 0, pixel = 0; row < labels.length; row++) {
    const first = base + pixel;
    pixel += 1;
    if (pixel === stride) {
      pixel = 0;
      base += image;
    }
    if (active[row] === 0) continue;
    let max = Number.NEGATIVE_INFINITY;
    let top = 0;
    for (let c = 0, at = first; c < classes; c++, at += stride) {
      const x = z[at] as number;
      if (x > max) {
        max = x;
        top = c;
      }
    }
    const own = max - max + 1;
    let others = 0;
    // In two ranges, so that no loop has to ask: the maximum's own term stays out of the sum (softmaxRow.ts).
    let at = first;
    for (let c = 0; c < top; c++, at += stride) {
      others += e[c] = expOfNegative((z[at] as number) - max);
    }
    e[top] = own;
    at += stride;
    for (let c = top + 1; c < classes; c++, at += stride) {
      others += e[c] = expOfNegative((z[at] as number) - max);
    }
    const label = labels[row] as number;
    const mass = weight ? (weight[label] as number) : 1;
    const logSum = (others > 0.5 ? Math.log(1 + others) : Math.log1p(others)) + (own - 1);
    const cost = max - (z[first + label * stride] as number) + logSum;
    // 0 log 0 is 0.
    const loss = mass === 0 && cost === Number.POSITIVE_INFINITY ? 0 : mass * cost;
    values[row] = (valueFactors[row] as number) * loss;
    const g = (gradientFactors[row] as number) * mass;
    if (gradient === undefined || gradientFactors[row] === 0) continue;
    const sum = own + others;
    const scale = g / sum;
    for (let c = 0, at = first; c < classes; c++, at += stride) {
      gradient[at] = scale * (e[c] as number);
    }
    const rest = label === top ? others : sum - (e[label] as number);
    gradient[first + label * stride] = -scale * rest;
  }
}
