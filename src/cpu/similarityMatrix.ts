import type { MatrixGeometry } from "../losses/similarityMatrix.js";
import type { Request } from "../request.js";
import type { CpuArray, CpuOutcome } from "../spec.js";
import {
  countDegenerate,
  partGradient,
  projectBack,
  readVectors,
  similaritiesOf,
  type Vectors,
} from "./embeddings.js";
import { biasOf, scalarGradients, scaleOf } from "./pairwise.js";

/** The rows of one matrix of a batch. */
function block(vectors: Vectors, first: number, rows: number): Vectors {
  const { depth, data, lengths } = vectors;
  return {
    rows,
    depth,
    data: data.subarray(first * depth, (first + rows) * depth),
    lengths: lengths?.subarray(first, first + rows),
  };
}

/** Similarities of every row of `a` with every row of `b`, batch by batch, in float64. */
export function similarityMatrixCpu(request: Request, geometry: MatrixGeometry): CpuOutcome {
  const { batch, rows, columns, depth, metric, shape } = geometry;
  const a = readVectors(request, [{ name: "a", first: 0, rows: batch * rows }], depth, metric);
  const b = readVectors(request, [{ name: "b", first: 0, rows: batch * columns }], depth, metric);
  const scale = scaleOf(request, "scale");
  const bias = biasOf(request, "bias");
  const size = rows * columns;
  const similarities = new Float64Array(batch * size);
  const upstream = request.tensors.upstream?.values();
  const factor = upstream?.length === 1 ? (upstream[0] as number) : request.number("upstream");
  const slopes =
    upstream && upstream.length === batch * size
      ? upstream
      : new Float64Array(batch * size).fill(factor);
  const toA = new Float64Array(batch * rows * depth);
  const toB = new Float64Array(batch * columns * depth);
  for (let at = 0; at < batch; at++) {
    const left = block(a, at * rows, rows);
    const right = block(b, at * columns, columns);
    const matrix = similaritiesOf(left, right, metric);
    similarities.set(matrix, at * size);
    if (!request.gradients.a && !request.gradients.b) continue;
    const scaled = Float64Array.from(
      slopes.subarray(at * size, (at + 1) * size),
      (slope) => slope * scale,
    );
    const back = projectBack(scaled, matrix, left, right, metric);
    toA.set(back.left, at * rows * depth);
    toB.set(back.right, at * columns * depth);
  }
  const rule = { scale: "scale", bias: "bias" } as const;
  const gradients: Record<string, CpuArray> = scalarGradients(request, rule, similarities, slopes);
  for (const [name, vectors, gradient] of [
    ["a", a, toA],
    ["b", b, toB],
  ] as const) {
    if (!request.gradients[name]) continue;
    const part = { name, first: 0, rows: vectors.rows };
    gradients[name] = partGradient(vectors, gradient, part, request.get(name).shape);
  }
  const data = similarities.map((similarity) => scale * similarity + bias);
  const nonFinite = data.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
  const degenerate = countDegenerate(a) + countDegenerate(b);
  const stats = { count: data.length, denominator: 1, outOfRange: 0, nonFinite, degenerate };
  return { loss: { shape, data }, gradients, outputs: {}, stats };
}
