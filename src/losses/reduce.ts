import { defineLoss } from "../define.js";
import { fail } from "../errors.js";
import { expectIntegers, hostLabels } from "../labels.js";
import type { Request } from "../request.js";
import { sizeOf } from "../tensor.js";

/** The sizes of a reduction. */
export interface ReduceGeometry {
  readonly lossShape: readonly number[];
  /** Segments of different length, by offsets; undefined where there are none. */
  readonly segments: number | undefined;
}

function checkSegments(request: Request, size: number): number {
  const argument = request.get("segments");
  expectIntegers(request, "segments");
  if (argument.size === 0 || (argument.shape && argument.shape.length !== 1)) {
    const got = argument.shape ? `shape [${argument.shape}]` : "no elements";
    fail("SHAPE_MISMATCH", `reduce: segments has ${got}, expected [segments + 1] offsets`);
  }
  if (request.reduction === "none") {
    fail("OPTION", 'reduce: reduction "none" keeps every loss; leave segments out');
  }
  const offsets = hostLabels(request.get("segments"));
  for (let at = 0; offsets && at < offsets.length; at++) {
    const offset = offsets[at] as number;
    const least = at === 0 ? 0 : (offsets[at - 1] as number);
    const fixed = at === 0 ? 0 : at === offsets.length - 1 ? size : offset;
    if (offset === fixed && offset >= least && offset <= size) continue;
    fail(
      "TARGET_OUT_OF_RANGE",
      `reduce: segments holds ${offset} at index ${at}, expected offsets that rise from 0 to ${size}, the number of losses`,
    );
  }
  return argument.size - 1;
}

function check(request: Request): ReduceGeometry {
  request.expectFloat("losses");
  const { losses, weights, mask } = request.tensors;
  const lossShape = losses?.shape ?? weights?.shape ?? mask?.shape ?? [losses?.size ?? 0];
  request.expectShape("losses", lossShape, "like weights and mask");
  request.expectShape("weights", lossShape, "like the losses");
  request.expectFloat("weights");
  if (request.tensors.sampleWeight) {
    fail("OPTION", "reduce: sampleWeight is called weights here, where it can have a gradient");
  }
  if (!request.tensors.segments) {
    request.expectCommon(lossShape);
    return { lossShape, segments: undefined };
  }
  const segments = checkSegments(request, sizeOf(lossShape));
  const each = request.reduction !== "sequenceMean";
  request.expectCommon(lossShape, each ? [segments] : []);
  return { lossShape, segments };
}

/**
 * Losses that are already there, masked, weighted and made one number, or one for each segment.
 * @example
 * const { loss } = await reduce([0.2, 0.7, 0.4, 0.9], { segments: [0, 1, 4], reduction: "tokenMean" });
 */
export const reduce = /* @__PURE__ */ defineLoss({
  name: "reduce",
  family: "reduction",
  aka: ["masked mean", "weighted mean", "segment mean"],
  summary:
    "Losses that are already there, masked, weighted and made one number, or one for each segment.",
  formula: String.raw`\tfrac{1}{D} \textstyle\sum_i m_i w_i \ell_i`,
  reference: "PyTorch's and Keras's reductions under names that state their denominator",
  inputs: { losses: "wrt" },
  shapes: { losses: "(…)" },
  options: {
    weights: { tensor: "like the losses", role: "wrt", doc: "A factor per loss." },
    segments: {
      tensor: "(segments + 1) offsets",
      role: "labels",
      doc: "Where each segment of the flattened losses begins, and where the last one ends: one value for each; with sequenceMean the mean of their means.",
    },
  },
  cases: [
    {
      args: [
        [
          [0.2, 0.7, 0, 0],
          [0.4, 0.6, 0.9, 0],
        ],
      ],
      options: {
        mask: [
          [1, 1, 0, 0],
          [1, 1, 1, 0],
        ],
      },
      loss: 0.56,
    },
    {
      args: [[0.1, 0.4, 2, 0.3]],
      options: { weights: [1, 1, 5, 1], reduction: "weightedMean" },
      loss: 1.35,
    },
    {
      args: [[0.2, 0.7, 0.4, 0.6, 0.9]],
      options: { segments: [0, 2, 5] },
      loss: [0.45, 1.9 / 3],
    },
  ],
  check,
  cpu: async () => (await import("../cpu/reduce.js")).reduceCpu,
  gpu: async () => (await import("../gpu/reduce.js")).planReduce,
});
