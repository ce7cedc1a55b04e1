import type { ClassProblem, PairProblem, Problem, Storage } from "./contract.js";

/** The float64 answer, written down as plainly as can be: it shares no line with what it judges. */
export interface Reference {
  readonly loss: number;
  /** The largest distance to the gradient, over the gradient's largest element. */
  gradientError(gradients: readonly ArrayLike<number>[]): number;
}

const half = new Float32Array(1);
const bits = new Uint32Array(half.buffer);

/** A number as it is after storage in 16 bits. */
export function rounded(x: number, storage: Storage): number {
  if (storage === "f32" || !Number.isFinite(x)) return x;
  half[0] = x;
  if (storage === "bf16") {
    bits[0] = ((bits[0] as number) + 0x7fff + (((bits[0] as number) >>> 16) & 1)) & 0xffff0000;
    return half[0] as number;
  }
  // f16: 10 digits behind the leading one; below 2^-14 the spacing stays 2^-24.
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x) || 1)), -14);
  const step = 2 ** (exponent - 10);
  const scaled = x / step;
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  return (floor + (up ? 1 : 0)) * step;
}

function classReference(problem: ClassProblem, storage: Storage): Reference {
  const { rows, classes, inner, logits, labels } = problem;
  const at = (row: number): number => Math.floor(row / inner) * inner * classes + (row % inner);
  const logit = (i: number): number => rounded(logits[i] as number, storage);
  const tops = new Float64Array(rows);
  const logs = new Float64Array(rows);
  let sum = 0;
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const label = labels[row] as number;
    if (label < 0) continue;
    const base = at(row);
    const end = base + classes * inner;
    let top = Number.NEGATIVE_INFINITY;
    for (let i = base; i < end; i += inner) top = Math.max(top, logit(i));
    let total = 0;
    for (let i = base; i < end; i += inner) total += Math.exp(logit(i) - top);
    tops[row] = top;
    logs[row] = Math.log(total);
    sum += top - logit(base + label * inner) + (logs[row] as number);
    count += 1;
  }
  const gradientError = ([gradient]: readonly ArrayLike<number>[]): number => {
    if (gradient?.length !== rows * classes) return Number.NaN;
    let worst = 0;
    let largest = 0;
    for (let row = 0; row < rows; row++) {
      const label = labels[row] as number;
      for (let c = 0, i = at(row); c < classes; c++, i += inner) {
        let truth = 0;
        if (label >= 0) {
          const p = Math.exp(logit(i) - (tops[row] as number) - (logs[row] as number));
          truth = (c === label ? p - 1 : p) / count;
        }
        const error = Math.abs((gradient[i] as number) - truth);
        // Written so that a NaN is the worst of all.
        if (!(error <= worst)) worst = error;
        largest = Math.max(largest, Math.abs(truth));
        if (Number.isNaN(worst)) return worst;
      }
    }
    return worst / (largest || 1);
  };
  return { loss: sum / count, gradientError };
}

/** Rows of length one, and the lengths that they had. */
interface UnitRows {
  readonly unit: Float64Array;
  readonly norms: Float64Array;
}

function distance(given: ArrayLike<number>, truth: Float64Array): number {
  if (given.length !== truth.length) return Number.NaN;
  let worst = 0;
  let largest = 0;
  for (let at = 0; at < truth.length; at++) {
    const error = Math.abs((given[at] as number) - (truth[at] as number));
    if (Number.isNaN(error)) return error;
    worst = Math.max(worst, error);
    largest = Math.max(largest, Math.abs(truth[at] as number));
  }
  return worst / (largest || 1);
}

function unitRows(x: Float32Array, rows: number, depth: number): UnitRows {
  const unit = Float64Array.from(x);
  const norms = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let square = 0;
    for (let k = row * depth; k < (row + 1) * depth; k++) square += (unit[k] as number) ** 2;
    const norm = Math.sqrt(square);
    norms[row] = norm;
    for (let k = row * depth; k < (row + 1) * depth; k++) unit[k] = (unit[k] as number) / norm;
  }
  return { unit, norms };
}

function pairReference(problem: PairProblem): Reference {
  const { rows: n, depth, temperature } = problem;
  const a = unitRows(problem.left, n, depth);
  const b = unitRows(problem.right, n, depth);
  const s = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let dot = 0;
      for (let k = 0; k < depth; k++) {
        dot += (a.unit[i * depth + k] as number) * (b.unit[j * depth + k] as number);
      }
      s[i * n + j] = dot / temperature;
    }
  }
  // |s| is at most 1 / temperature, far from where exp overflows in float64.
  const rowSums = new Float64Array(n);
  const columnSums = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const e = Math.exp(s[i * n + j] as number);
      rowSums[i] = (rowSums[i] as number) + e;
      columnSums[j] = (columnSums[j] as number) + e;
    }
  }
  let loss = 0;
  for (let i = 0; i < n; i++) {
    const own = 2 * (s[i * n + i] as number);
    loss += (Math.log(rowSums[i] as number) + Math.log(columnSums[i] as number) - own) / (2 * n);
  }
  const truth = (from: UnitRows, to: UnitRows, transposed: boolean): Float64Array => {
    const out = new Float64Array(n * depth);
    for (let i = 0; i < n; i++) {
      const row = out.subarray(i * depth, (i + 1) * depth);
      for (let j = 0; j < n; j++) {
        const [r, c] = transposed ? [j, i] : [i, j];
        const e = Math.exp(s[r * n + c] as number);
        const p = e / (rowSums[r] as number) + e / (columnSums[c] as number);
        const slope = (p - (i === j ? 2 : 0)) / (2 * n * temperature);
        for (let k = 0; k < depth; k++) {
          row[k] = (row[k] as number) + slope * (from.unit[j * depth + k] as number);
        }
      }
      // Through the normalisation: only what is at right angles to the row moves it.
      const own = to.unit.subarray(i * depth, (i + 1) * depth);
      const along = row.reduce((sum, g, k) => sum + g * (own[k] as number), 0);
      for (let k = 0; k < depth; k++) {
        row[k] = ((row[k] as number) - along * (own[k] as number)) / (to.norms[i] as number);
      }
    }
    return out;
  };
  let truths: Float64Array[] | undefined;
  const gradientError = (given: readonly ArrayLike<number>[]): number => {
    truths ??= [truth(b, a, false), truth(a, b, true)];
    const errors = truths.map((side, at) => distance(given[at] ?? [], side));
    return errors.some(Number.isNaN) ? Number.NaN : Math.max(...errors);
  };
  return { loss, gradientError };
}

export const referenceOf = (problem: Problem, storage: Storage): Reference =>
  problem.kind === "classes" ? classReference(problem, storage) : pairReference(problem);
