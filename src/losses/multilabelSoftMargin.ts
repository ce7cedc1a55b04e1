import { row } from "../families/row.js";

/**
 * Mean over the classes of a binary cross-entropy with logits for each: any number of labels may hold at once.
 * @example
 * const { loss } = await multilabelSoftMargin([[2, -1, 0]], [[1, 0, 1]]);
 */
export const multilabelSoftMargin = /* @__PURE__ */ row({
  name: "multilabelSoftMargin",
  aka: ["multi-label logistic loss", "F.multilabel_soft_margin_loss"],
  summary:
    "Mean over the classes of a binary cross-entropy with logits for each: any number of labels may hold at once.",
  formula: String.raw`\frac1C \sum_c w_c \left(y_c \log(1 + e^{-z_c}) + (1 - y_c) \log(1 + e^{z_c})\right)`,
  reference: "Paszke et al. 2019, arXiv:1912.01703 (MultiLabelSoftMarginLoss)",
  inputs: { logits: "wrt", targets: "asked" },
  options: {
    weight: { tensor: "(classes)", role: "data", doc: "Scales the classes; never a divisor." },
  },
  forms: () => ["plain", "plain"],
  classFactor: "weight",
  classMean: true,
  cell(z, _log, y) {
    const t = Math.exp(-Math.abs(z));
    const p = (z > 0 ? 1 : t) / (1 + t);
    const rest = Math.log1p(t);
    // At infinity a class that is right costs nothing, although 0 times infinity stands there.
    const right = z > 0 ? y : 1 - y;
    const lost = right === 1 ? 0 : (1 - right) * Math.abs(z);
    return [lost + rest, p - y, -z];
  },
  wgsl: /* wgsl */ `
fn cell(z: f32, logZ: f32, y: f32, logY: f32, ratio: f32) -> Cell {
  let wrong = select(y, 1.0 - y, z > 0.0);
  let lost = select(wrong * abs(z), sign(wrong) * INFINITE, abs(z) >= INFINITE);
  return Cell(lost + log1p(expSafe(-abs(z))), sigmoid(z) - y, -z);
}`,
  cases: [
    { args: [[[0, 0]], [[1, 0]]], loss: Math.LN2 },
    { args: [[[1000, -1000, 1000, -1000]], [[1, 0, 0, 1]]], loss: 500 },
  ],
});
