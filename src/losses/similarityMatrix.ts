import { defineLoss } from "../define.js";
import { fail } from "../errors.js";
import type { Metric } from "../families/arrangement.js";
import type { Request } from "../request.js";
import { sizeOf } from "../tensor.js";

/** The sizes of a batch of similarity matrices. */
export interface MatrixGeometry {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly metric: Metric;
  readonly shape: readonly number[];
}

function check(request: Request): MatrixGeometry {
  const [a, b] = ["a", "b"].map((name) => {
    request.expectFloat(name);
    const { shape, size } = request.get(name);
    if (shape && shape.length >= 2) return shape;
    const got = shape ? `shape [${shape}]` : `${size} elements`;
    return fail(
      "SHAPE_MISMATCH",
      `${request.where(name)} has ${got}, expected (…, rows, depth); use tensor(${name}, [rows, depth])`,
    );
  }) as [readonly number[], readonly number[]];
  const lead = a.slice(0, -2);
  if (lead.join() !== b.slice(0, -2).join() || a.at(-1) !== b.at(-1)) {
    fail(
      "SHAPE_MISMATCH",
      `similarityMatrix: b has shape [${b}], a has [${a}]: all but their rows must agree`,
    );
  }
  const [rows, depth] = a.slice(-2) as [number, number];
  const columns = b.at(-2) as number;
  const shape = [...lead, rows, columns];
  request.expectCommon(shape);
  for (const name of ["scale", "bias"]) {
    request.expectShape(name, [], "(one number)");
    request.expectFloat(name);
  }
  const metric = request.choices.metric as Metric;
  return { batch: sizeOf(lead), rows, columns, depth, metric, shape };
}

/**
 * Similarity of every row of `a` with every row of `b`; gradients are for `upstream`.
 * @example
 * const { output } = await similarityMatrix([[1, 0], [0, 2]], [[1, 1]], { metric: "cosine" });
 */
export const similarityMatrix = /* @__PURE__ */ defineLoss({
  name: "similarityMatrix",
  family: "pairwise",
  aka: ["cosine similarity matrix", "pairwise distances", "torch.cdist"],
  summary: "Similarity of every row of `a` with every row of `b`; gradients are for `upstream`.",
  formula: String.raw`\text{scale} \cdot \operatorname{sim}(a_i, b_j) + \text{bias}`,
  reference: "Salton, Wong, Yang 1975, doi:10.1145/361219.361220",
  inputs: { a: "wrt", b: "wrt" },
  shapes: { a: "(…, N, depth)", b: "(…, M, depth)" },
  options: {
    metric: {
      default: "cosine",
      values: ["cosine", "dot", "euclidean"],
      doc: "The cosine, the plain product, or the Euclidean distance.",
    },
    scale: {
      tensor: "one number",
      default: 1,
      role: "wrt",
      doc: "Multiplies the similarities; as a tensor it can have a gradient.",
    },
    bias: {
      tensor: "one number",
      default: 0,
      role: "wrt",
      doc: "Added to the scaled similarities; as a tensor it can have a gradient.",
    },
  },
  result: "output",
  cases: [
    {
      args: [
        [
          [3, 4],
          [0, 0],
        ],
        [[1, 0]],
      ],
      loss: [0.6, 0],
    },
    { args: [[[0, 0]], [[3, 4]]], options: { metric: "euclidean" }, loss: [5] },
  ],
  check,
  cpu: async () => (await import("../cpu/similarityMatrix.js")).similarityMatrixCpu,
  gpu: async () => (await import("../gpu/similarityMatrix.js")).planSimilarityMatrix,
});
