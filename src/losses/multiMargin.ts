import { row } from "../families/row.js";

/**
 * Multi-class margin loss: every class whose score comes within `margin` of the label's own adds its part.
 * @example
 * const { loss } = await multiMargin([[1, 0.25, 0.5]], [0], { margin: 1 });
 */
export const multiMargin = /* @__PURE__ */ row({
  name: "multiMargin",
  aka: ["multi-class hinge loss", "F.multi_margin_loss"],
  summary:
    "Multi-class margin loss: every class whose score comes within `margin` of the label's own adds its part.",
  formula: String.raw`\frac{w_y}{C} \sum_{c \ne y} \max(0, m - s_y + s_c)^p`,
  reference: "Weston, Watkins 1999, Support vector machines for multi-class pattern recognition",
  inputs: { scores: "wrt", targets: "labels" },
  options: {
    p: { default: 1, min: 1, max: 2, integer: true, doc: "The power of each part: 1 or 2." },
    margin: { default: 1, doc: "How far the label's score should lie above all others." },
    weight: {
      tensor: "(classes)",
      role: "data",
      doc: "Scales each class's own rows; the mean does not divide by it.",
    },
    kink: {
      default: "zero",
      values: ["zero", "torch"],
      doc: "The gradient just at the margin; PyTorch's is 0 too.",
    },
  },
  forms: () => ["margin", "others"],
  labelFactor: "weight",
  classMean: true,
  cell(gap, _log, isOther, _logOther, _ratio, { p, margin }) {
    const part = margin + gap;
    if (isOther === 0 || part <= 0) return [0, 0, 0];
    return p === 1 ? [part, 1, 0] : [part * part, 2 * part, 0];
  },
  wgsl: /* wgsl */ `
fn cell(gap: f32, logGap: f32, isOther: f32, logOther: f32, ratio: f32) -> Cell {
  let part = params.margin + gap;
  if (isOther == 0.0 || part <= 0.0) {
    return Cell(0.0, 0.0, 0.0);
  }
  if (params.p < 1.5) {
    return Cell(part, 1.0, 0.0);
  }
  return Cell(select(INFINITE, part * part, part < 1.8e19), 2.0 * min(part, 1.7e38), 0.0);
}`,
  kinks: ({ margin = 1 }) => [margin],
  cases: [
    { args: [[[1, 0.25, 0.5]], [0]], loss: 0.25 },
    {
      args: [[[1, 0.25, 0.5]], [0]],
      options: { p: 2, weight: [2, 1, 1] },
      loss: 0.20833333333333334,
    },
  ],
});
