import { rowLabel } from "../families/rowLabel.js";

/**
 * Negative log-likelihood: minus the log-probability of the label.
 * @example
 * const { loss } = await nll([[-1, -2, -0.5]], [2]);
 */
export const nll = /* @__PURE__ */ rowLabel({
  name: "nll",
  aka: ["negative log-likelihood", "F.nll_loss"],
  summary: "Negative log-likelihood: minus the log-probability of the label.",
  formula: String.raw`-w_y \log p_y`,
  reference: "Goodfellow, Bengio, Courville 2016, Deep Learning, section 5.5",
  inputs: { logProbs: "wrt", targets: "labels" },
  options: {
    weight: {
      tensor: "(classes)",
      role: "data",
      doc: "A weight per class; the mean divides by the targets' weights.",
    },
    ignoreIndex: {
      default: -100,
      integer: true,
      fixed: "always",
      doc: "Rows with this label take no part.",
    },
  },
  form: "logProbs",
  labelFactor: "weight",
  labelCounts: true,
  label: (logP) => [-logP, -1],
  wgsl: /* wgsl */ `
fn label(logP: f32, logMiss: f32) -> Dual {
  return Dual(-logP, -1.0);
}`,
  cases: [
    { args: [[[-1, -2, -0.5]], [2]], loss: 0.5 },
    {
      args: [
        [
          [-1, -2, -0.5],
          [-0.25, -4, -3],
        ],
        [2, 0],
      ],
      options: { weight: [3, 1, 1] },
      loss: 0.3125,
    },
  ],
});
