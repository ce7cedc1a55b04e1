import { defineLoss } from "../define.js";
import { fail } from "../errors.js";
import type { Request } from "../request.js";

// No skeleton fits: a row needs the inverse of two matrices. It runs on the CPU alone.

/** Distributions, and the length of their means. */
export interface Geometry {
  readonly lossShape: readonly number[];
  readonly rows: number;
  readonly depth: number;
}

function geometryOf(request: Request): Geometry {
  const means = request.get("means");
  const covariances = request.get("covariances");
  const depth = means.shape?.at(-1) ?? covariances.shape?.at(-1) ?? covariances.size / means.size;
  const rows = means.size / depth;
  if (Number.isInteger(depth) && Number.isInteger(rows) && depth > 0) {
    const lossShape = means.shape?.slice(0, -1) ?? covariances.shape?.slice(0, -2) ?? [rows];
    return { lossShape, rows, depth };
  }
  return fail(
    "SHAPE_MISMATCH",
    `gaussianKLFull: means has ${means.size} elements and covariances ${covariances.size}, expected shapes [..., depth] and [..., depth, depth]`,
  );
}

function check(request: Request): Geometry {
  const geometry = geometryOf(request);
  const { lossShape, depth } = geometry;
  for (const name of ["means", "priorMeans"]) {
    request.expectFloat(name);
    request.expectShape(name, [...lossShape, depth], "(…, depth)");
  }
  for (const name of ["covariances", "priorCovariances"]) {
    request.expectFloat(name);
    request.expectShape(name, [...lossShape, depth, depth], "(…, depth, depth)");
  }
  request.expectCommon(lossShape);
  return geometry;
}

/**
 * Kullback-Leibler divergence of normal distributions with full covariances. On the CPU alone.
 * @example
 * const backend = await openBackend({ kind: "cpu" });
 * const { loss } = await gaussianKLFull([[0, 0]], [[[1, 0], [0, 1]]], [[1, 1]], [[[1, 0], [0, 1]]], { backend });
 */
export const gaussianKLFull = /* @__PURE__ */ defineLoss({
  name: "gaussianKLFull",
  family: "elementwise",
  aka: ["multivariate normal divergence"],
  summary:
    "Kullback-Leibler divergence of normal distributions with full covariances. On the CPU alone.",
  formula: String.raw`\tfrac12\left(\operatorname{tr}(P^{-1} S) + (\mu - m)^\top P^{-1} (\mu - m) - d + \log\frac{\det P}{\det S}\right)`,
  reference: "Kullback 1959, Information Theory and Statistics, chapter 9",
  inputs: {
    means: "wrt",
    covariances: "wrt",
    priorMeans: "wrt",
    priorCovariances: "wrt",
  },
  shapes: {
    means: "(…, d)",
    covariances: "(…, d, d)",
    priorMeans: "(…, d)",
    priorCovariances: "(…, d, d)",
  },
  options: {},
  cases: [
    {
      args: [
        [[1, 2]],
        [
          [
            [1, 0],
            [0, 1],
          ],
        ],
        [[0, 0]],
        [
          [
            [1, 0],
            [0, 1],
          ],
        ],
      ],
      loss: 2.5,
    },
  ],
  check,
  cpu: async () => (await import("../cpu/gaussianKLFull.js")).gaussianKLFullCpu,
});
