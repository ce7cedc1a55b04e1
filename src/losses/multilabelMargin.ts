// A loss of its own: its sum goes over pairs of classes, one in the list and one not, so that a class
// has no cell of its own; and its labels are lists, not one for each row.
import { defineLoss } from "../define.js";
import { countsOf, expectLabelLists } from "../families/labelLists.js";
import { type RowGeometry, rowGeometry } from "../families/rowShape.js";
import type { Request } from "../request.js";

function check(request: Request): RowGeometry {
  const geometry = rowGeometry(request, "scores", ["targets"]);
  const { classes } = geometry;
  expectLabelLists(request, "targets", classes, classes, (labels) => countsOf(labels, classes));
  return geometry;
}

/**
 * Multi-label margin loss: every listed class should score at least 1 above every class that is not listed.
 * @example
 * const { loss } = await multilabelMargin([[0.5, -0.25, 1, 0.125]], [[2, 0, -1, -1]]);
 */
export const multilabelMargin = /* @__PURE__ */ defineLoss({
  name: "multilabelMargin",
  family: "row",
  aka: ["multi-label hinge loss", "F.multilabel_margin_loss"],
  summary:
    "Multi-label margin loss: every listed class should score at least 1 above every class that is not listed.",
  formula: String.raw`\frac1C \sum_{j \in Y} \sum_{i \notin Y} \max(0, 1 - s_j + s_i)`,
  reference: "Crammer, Singer 2003, A family of additive online algorithms for category ranking",
  inputs: { scores: "wrt", targets: "labels" },
  shapes: { targets: "(…, classes), padded by -1" },
  options: {
    kink: {
      default: "zero",
      values: ["zero", "torch"],
      doc: "The gradient just at the margin; PyTorch's is 0 too.",
    },
  },
  kinks: () => [1],
  cases: [
    { args: [[[0.5, -0.25, 1, 0.125]], [[2, 0, -1, -1]]], loss: 0.25 },
    { args: [[[1, 0, 0.5]], [[-1, 0, 0]]], loss: 0 },
  ],
  check,
  cpu: async () => (await import("../cpu/multilabelMargin.js")).multilabelMarginCpu,
  gpu: async () => (await import("../gpu/multilabelMargin.js")).planMultilabelMargin,
});
