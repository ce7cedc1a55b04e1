import type { Geometry } from "../losses/gaussianKLFull.js";
import type { Request } from "../request.js";
import type { CpuArray, CpuOutcome } from "../spec.js";
import { reduceValues, rowFactors } from "./factors.js";
import { transposed } from "./transposed.js";

/** The inverse of one (D, D) matrix, and the logarithm of its determinant: Gauss and Jordan's way, with row exchange. */
function invert(matrix: Float64Array, depth: number): { inverse: Float64Array; logDet: number } {
  const a = matrix.slice();
  const inverse = new Float64Array(depth * depth);
  for (let i = 0; i < depth; i++) inverse[i * depth + i] = 1;
  let determinantSign = 1;
  let logDet = 0;
  const swap = (m: Float64Array, i: number, j: number): void => {
    const row = m.slice(i * depth, (i + 1) * depth);
    m.copyWithin(i * depth, j * depth, (j + 1) * depth);
    m.set(row, j * depth);
  };
  for (let column = 0; column < depth; column++) {
    let pivot = column;
    const size = (row: number): number => Math.abs(a[row * depth + column] as number);
    for (let row = column + 1; row < depth; row++) if (size(row) > size(pivot)) pivot = row;
    if (pivot !== column) {
      swap(a, pivot, column);
      swap(inverse, pivot, column);
      determinantSign = -determinantSign;
    }
    const lead = a[column * depth + column] as number;
    determinantSign *= Math.sign(lead);
    logDet += Math.log(Math.abs(lead));
    for (const m of [a, inverse]) {
      for (let c = 0; c < depth; c++) {
        m[column * depth + c] = (m[column * depth + c] as number) / lead;
      }
    }
    for (let row = 0; row < depth; row++) {
      const factor = a[row * depth + column] as number;
      if (row === column || factor === 0) continue;
      for (const m of [a, inverse]) {
        for (let c = 0; c < depth; c++) {
          const other = m[column * depth + c] as number;
          m[row * depth + c] = (m[row * depth + c] as number) - factor * other;
        }
      }
    }
  }
  // A covariance has a positive determinant; what has none is no covariance.
  return { inverse, logDet: determinantSign > 0 ? logDet : Number.NaN };
}

const times = (m: Float64Array, x: Float64Array, depth: number): Float64Array =>
  x.map((_, i) => x.reduce((sum, value, j) => sum + (m[i * depth + j] as number) * value, 0));

function product(a: Float64Array, b: Float64Array, depth: number): Float64Array {
  return a.map((_, at) => {
    const [row, column] = [Math.floor(at / depth), at % depth];
    let sum = 0;
    for (let k = 0; k < depth; k++) {
      sum += (a[row * depth + k] as number) * (b[k * depth + column] as number);
    }
    return sum;
  });
}

/** The divergence of two normal distributions with full covariances, in float64. */
export function gaussianKLFullCpu(
  request: Request,
  { lossShape, rows, depth }: Geometry,
): CpuOutcome {
  const factors = rowFactors(request, lossShape);
  const vectors = ["means", "priorMeans"] as const;
  const matrices = ["covariances", "priorCovariances"] as const;
  const gradients: Record<string, CpuArray & { readonly data: Float64Array }> = {};
  for (const name of [...vectors, ...matrices]) {
    if (!request.gradients[name]) continue;
    const isMatrix = name.endsWith("ovariances");
    const shape = [...lossShape, depth, ...(isMatrix ? [depth] : [])];
    gradients[name] = { shape, data: new Float64Array(rows * depth * (isMatrix ? depth : 1)) };
  }
  const part = (name: string, row: number, size: number): Float64Array =>
    Float64Array.from(
      request
        .get(name)
        .values()
        .slice(row * size, (row + 1) * size),
    );
  const values = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    if (!factors.active[row]) continue;
    const square = depth * depth;
    const own = part("covariances", row, square);
    const { inverse: ownInverse, logDet: ownLogDet } = invert(own, depth);
    const prior = invert(part("priorCovariances", row, square), depth);
    const priorMean = part("priorMeans", row, depth);
    const gap = part("means", row, depth).map((value, at) => value - (priorMean[at] as number));
    const pull = times(prior.inverse, gap, depth);
    const ratio = product(prior.inverse, own, depth);
    let trace = -depth;
    for (let i = 0; i < depth; i++) trace += ratio[i * depth + i] as number;
    const distance = gap.reduce((sum, value, at) => sum + value * (pull[at] as number), 0);
    const value = 0.5 * (trace + distance + prior.logDet - ownLogDet);
    values[row] = (factors.value[row] as number) * value;

    const g = factors.gradient[row] as number;
    if (g === 0) continue;
    const write = (name: string, slopes: Float64Array): void => {
      gradients[name]?.data.set(
        slopes.map((slope) => g * slope),
        row * slopes.length,
      );
    };
    const outer = times(transposed(prior.inverse, depth, depth), gap, depth);
    const mean = pull.map((value, at) => 0.5 * (value + (outer[at] as number)));
    write("means", mean);
    write(
      "priorMeans",
      mean.map((slope) => -slope),
    );
    const half = (a: Float64Array, b: Float64Array): Float64Array =>
      transposed(
        a.map((value, at) => 0.5 * (value - (b[at] as number))),
        depth,
        depth,
      );
    write("covariances", half(prior.inverse, ownInverse));
    // d tr(P⁻¹S) = -tr(P⁻¹ dP P⁻¹S), and the same for the distance.
    const spread = product(ratio, prior.inverse, depth).map(
      (value, at) =>
        value + (pull[Math.floor(at / depth)] as number) * (outer[at % depth] as number),
    );
    write("priorCovariances", half(prior.inverse, spread));
  }
  return { ...reduceValues(request, lossShape, values, factors), gradients, outputs: {} };
}
