// Boxes are rows of four numbers that belong together, which neither the element-wise nor the softmax skeleton knows:
// one invocation of a small kernel of its own takes a row.
import { defineLoss } from "../define.js";
import { fail } from "../errors.js";
import type { Request } from "../request.js";
import { sizeOf } from "../tensor.js";

export interface BoxGeometry {
  readonly lossShape: readonly number[];
  readonly rows: number;
}

function check(request: Request): BoxGeometry {
  const shape = request.get("boxes").shape ?? [request.get("boxes").size / 4, 4];
  if (shape.at(-1) !== 4 || !Number.isInteger(sizeOf(shape))) {
    const got = request.get("boxes").shape
      ? `shape [${request.get("boxes").shape}]`
      : `${request.get("boxes").size} elements`;
    fail("SHAPE_MISMATCH", `iou: boxes has ${got}, expected [..., 4] with corners x1, y1, x2, y2`);
  }
  request.expectShape("targets", shape, "like boxes");
  for (const name of ["boxes", "targets"]) request.expectFloat(name);
  const lossShape = shape.slice(0, -1);
  request.expectCommon(lossShape);
  return { lossShape, rows: sizeOf(lossShape) };
}

/**
 * One minus the overlap of two boxes over their union, with the terms of GIoU, DIoU or CIoU.
 * @example
 * const { loss } = await iou([[0, 0, 2, 2]], [[1, 1, 3, 4]], { variant: "giou" });
 */
export const iou = /* @__PURE__ */ defineLoss({
  name: "iou",
  family: "detection",
  aka: ["GIoU", "DIoU", "CIoU", "Jaccard of boxes"],
  summary:
    "One minus the overlap of two boxes over their union, with the terms of GIoU, DIoU or CIoU.",
  formula: String.raw`1 - \frac{|A \cap B|}{|A \cup B|}`,
  reference:
    "Rezatofighi et al. 2019, arXiv:1902.09630 (GIoU); Zheng et al. 2020, arXiv:1911.08287 (DIoU, CIoU)",
  inputs: { boxes: "wrt", targets: "wrt" },
  shapes: { boxes: "(…, 4): x1, y1, x2, y2", targets: "(…, 4)" },
  options: {
    variant: {
      default: "iou",
      values: ["iou", "giou", "diou", "ciou"],
      doc: "giou adds the empty share of the hull, diou the distance of the centres, ciou that and the difference in shape.",
    },
  },
  cases: [
    { args: [[[0, 0, 2, 2]], [[1, 1, 3, 4]]], options: { variant: "giou" }, loss: 41 / 36 },
    { args: [[[0, 0, 2, 2]], [[0, 0, 2, 1]]], loss: 0.5 },
  ],
  check,
  cpu: async () => (await import("../cpu/iou.js")).iouCpu,
  gpu: async () => (await import("../gpu/iou.js")).planIou,
});
