import type { Metric, Part } from "../families/arrangement.js";
import type { Request } from "../request.js";
import type { CpuArray } from "../spec.js";
import { multiply } from "./product.js";
import { transposed } from "./transposed.js";

/** Below the smallest normal f32 a row has no direction, here as on the GPU. */
const SMALLEST = 2 ** -126;
/** In the place of a length: nobody reads this row, so it is not one without direction either. */
const UNREAD = -1;

/** Vectors as a metric reads them: the rows of all parts, made unit for the cosine. */
export interface Vectors {
  readonly rows: number;
  readonly depth: number;
  readonly data: Float64Array;
  /** The length of each row, 0 where it has no direction; undefined where the metric needs none. */
  readonly lengths: Float64Array | undefined;
}

/** Euclidean length; numbers are scaled before they are squared where a square would not fit. */
export function lengthOf(x: ArrayLike<number>, base: number, depth: number): number {
  let sum = 0;
  let top = 0;
  for (let k = 0; k < depth; k++) {
    const v = x[base + k] as number;
    sum += v * v;
    top = Math.max(top, Math.abs(v));
  }
  if (sum > 1e-290 && sum < 1e290) return Math.sqrt(sum);
  if (top === 0 || top === Number.POSITIVE_INFINITY || Number.isNaN(sum)) return sum;
  sum = 0;
  for (let k = 0; k < depth; k++) sum += ((x[base + k] as number) / top) ** 2;
  return Math.sqrt(sum) * top;
}

/** The length of a row, or 0 where it is too short to have a direction. */
export function directedLength(x: ArrayLike<number>, base: number, depth: number): number {
  for (let k = 0; k < depth; k++) {
    // Written so that NaN counts as a direction, and comes out as NaN.
    if (!(Math.abs(x[base + k] as number) < SMALLEST)) return lengthOf(x, base, depth);
  }
  return 0;
}

/** Reads the rows of all parts; rows that `isRead` refuses stay zero. */
export function readVectors(
  request: Request,
  parts: readonly Part[],
  depth: number,
  metric: Metric,
  isRead: (row: number) => boolean = () => true,
): Vectors {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const data = new Float64Array(rows * depth);
  const lengths = metric === "cosine" ? new Float64Array(rows) : undefined;
  for (const { name, first, rows: count } of parts) {
    const values = request.get(name).values();
    for (let row = 0; row < count; row++) {
      if (!isRead(first + row)) {
        if (lengths) lengths[first + row] = UNREAD;
        continue;
      }
      const length = lengths ? directedLength(values, row * depth, depth) : 1;
      if (lengths) lengths[first + row] = length;
      if (length === 0) continue;
      const to = (first + row) * depth;
      for (let k = 0; k < depth; k++) data[to + k] = (values[row * depth + k] as number) / length;
    }
  }
  return { rows, depth, data, lengths };
}

export const countDegenerate = ({ lengths }: Vectors): number =>
  lengths ? lengths.reduce((count, length) => count + (length === 0 ? 1 : 0), 0) : 0;

const isProduct = (metric: Metric): boolean => metric === "cosine" || metric === "dot";

/** All similarities, rows × columns. */
export function similaritiesOf(left: Vectors, right: Vectors, metric: Metric): Float64Array {
  const { rows, depth, data: a } = left;
  const { rows: columns, data: b } = right;
  if (isProduct(metric)) return multiply(a, rows, b, columns, depth);
  const matrix = new Float64Array(rows * columns);
  const difference = new Float64Array(depth);
  const distance = (i: number, j: number): number => {
    for (let k = 0; k < depth; k++) difference[k] = (a[i + k] as number) - (b[j + k] as number);
    const length = lengthOf(difference, 0, depth);
    return metric === "squared" ? length * length : length;
  };
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) matrix[i * columns + j] = distance(i * depth, j * depth);
  }
  return matrix;
}

function hasNaN(numbers: Float64Array): boolean {
  for (let at = 0; at < numbers.length; at++) if (Number.isNaN(numbers[at])) return true;
  return false;
}

/** Of so many slopes at least one is not 0 where all are multiplied; fewer are looked for one by one. */
const DENSE = 8;

/**
 * Takes slopes of products back by two more products; undefined where that does not pay, or where a number that is not
 * finite met a slope of 0.
 */
function projectDense(
  slopes: Float64Array,
  left: Vectors,
  right: Vectors,
): { left: Float64Array; right: Float64Array } | undefined {
  const { rows, depth, data: a } = left;
  const { rows: columns, data: b } = right;
  let found = 0;
  for (let at = 0; at < slopes.length; at++) if (slopes[at] !== 0) found += 1;
  if (found * DENSE < slopes.length) return;
  const turned = transposed(slopes, rows, columns);
  const toRight = multiply(turned, columns, transposed(a, rows, depth), depth, rows);
  const toLeft = multiply(slopes, rows, transposed(b, columns, depth), depth, columns);
  if (hasNaN(toLeft) || hasNaN(toRight)) return;
  if (left !== right) return { left: toLeft, right: toRight };
  const both = toLeft.map((slope, at) => slope + (toRight[at] as number));
  return { left: both, right: both };
}

/**
 * Takes slopes of the similarities back to both sets of vectors. A slope of 0 reads nothing, so that a skipped
 * row may hold NaN.
 */
export function projectBack(
  slopes: Float64Array,
  matrix: Float64Array,
  left: Vectors,
  right: Vectors,
  metric: Metric,
): { left: Float64Array; right: Float64Array } {
  const { rows, depth, data: a } = left;
  const { rows: columns, data: b } = right;
  const dense = isProduct(metric) ? projectDense(slopes, left, right) : undefined;
  if (dense) return dense;
  const toLeft = new Float64Array(rows * depth);
  const toRight = left === right ? toLeft : new Float64Array(columns * depth);
  const isDistance = !isProduct(metric);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let g = slopes[i * columns + j] as number;
      const d = matrix[i * columns + j] as number;
      // Equal vectors have distance 0, and no direction to move in.
      if (metric === "euclidean") g = d === 0 ? 0 : g / d;
      if (metric === "squared") g *= 2;
      if (g === 0) continue;
      for (let k = 0; k < depth; k++) {
        const x = a[i * depth + k] as number;
        const y = b[j * depth + k] as number;
        (toLeft[i * depth + k] as number) += g * (isDistance ? x - y : y);
        (toRight[j * depth + k] as number) += g * (isDistance ? y - x : x);
      }
    }
  }
  return { left: toLeft, right: toRight };
}

/** The gradient of one part, through the division by each row's length. */
export function partGradient(
  { data, depth, lengths }: Vectors,
  gradient: Float64Array,
  { first, rows }: Part,
  shape: readonly number[] = [rows, depth],
): CpuArray {
  const out = new Float64Array(rows * depth);
  for (let row = 0; row < rows; row++) {
    const from = (first + row) * depth;
    const length = lengths ? (lengths[first + row] as number) : 1;
    if (length === 0 || length === UNREAD) continue;
    let along = 0;
    for (let k = 0; lengths && k < depth; k++) {
      along += (data[from + k] as number) * (gradient[from + k] as number);
    }
    for (let k = 0; k < depth; k++) {
      const g = gradient[from + k] as number;
      out[row * depth + k] = lengths ? (g - along * (data[from + k] as number)) / length : g;
    }
  }
  return { shape, data: out };
}
