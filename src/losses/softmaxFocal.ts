import { rowLabel } from "../families/rowLabel.js";
import { checkLogits } from "../warn.js";

/**
 * Cross-entropy in which well-classified rows count less: each is scaled by (1 - p)^gamma.
 * @example
 * const { loss } = await softmaxFocal([[2, 1, 0]], [0], { gamma: 2 });
 */
export const softmaxFocal = /* @__PURE__ */ rowLabel({
  name: "softmaxFocal",
  aka: ["focal loss", "categorical focal cross-entropy"],
  summary:
    "Cross-entropy in which well-classified rows count less: each is scaled by (1 - p)^gamma.",
  formula: String.raw`-\alpha_y (1 - p_y)^\gamma \log p_y`,
  reference: "Lin et al. 2017, arXiv:1708.02002",
  inputs: { logits: "wrt", targets: "labels" },
  options: {
    alpha: {
      tensor: "(classes), or one number",
      default: 1,
      role: "data",
      doc: "Scales the rows, or each class's own.",
    },
    gamma: { default: 2, min: 0, doc: "How much less a sure row counts; 0 is cross-entropy." },
    ignoreIndex: {
      default: -100,
      integer: true,
      fixed: "always",
      doc: "Rows with this label take no part.",
    },
    checkLogits,
  },
  form: "logits",
  labelFactor: "alpha",
  label(logP, logMiss, { gamma }) {
    const focus = gamma === 0 ? 1 : Math.exp(gamma * logMiss);
    const p = Math.exp(logP);
    const heat = p === 0 ? 0 : gamma * p * logP;
    return [-focus * logP, -focus * (Math.exp(logMiss) - heat)];
  },
  wgsl: /* wgsl */ `
fn label(logP: f32, logMiss: f32) -> Dual {
  let focus = expSafe(params.gamma * max(logMiss, -1e30));
  let heat = params.gamma * expSafe(logP) * max(logP, -100.0);
  return Dual(-focus * logP, -focus * (expSafe(logMiss) - heat));
}`,
  cases: [
    { args: [[[0, 0]], [0]], loss: 0.17328679513998632 },
    {
      args: [[[0, 2.1972245773362196]], [1]],
      options: { alpha: 0.25, gamma: 5 },
      loss: 2.634012891445657e-7,
    },
  ],
});
