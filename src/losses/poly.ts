import { rowLabel } from "../families/rowLabel.js";
import { checkLogits } from "../warn.js";

/**
 * PolyLoss: cross-entropy with the first term of its expansion in 1 - p adjusted.
 * @example
 * const { loss } = await poly([[2, 1, 0]], [0], { epsilon: 1 });
 */
export const poly = /* @__PURE__ */ rowLabel({
  name: "poly",
  aka: ["PolyLoss", "Poly-1"],
  summary: "PolyLoss: cross-entropy with the first term of its expansion in 1 - p adjusted.",
  formula: String.raw`-\log p_y + \epsilon (1 - p_y)`,
  reference: "Leng et al. 2022, arXiv:2204.12511",
  inputs: { logits: "wrt", targets: "labels" },
  options: {
    epsilon: { default: 1, doc: "What is added to the first coefficient." },
    ignoreIndex: {
      default: -100,
      integer: true,
      fixed: "always",
      doc: "Rows with this label take no part.",
    },
    checkLogits,
  },
  form: "logits",
  label(logP, logMiss, { epsilon }) {
    const miss = Math.exp(logMiss);
    return [epsilon * miss - logP, -miss * (1 + epsilon * Math.exp(logP))];
  },
  wgsl: /* wgsl */ `
fn label(logP: f32, logMiss: f32) -> Dual {
  let miss = expSafe(logMiss);
  return Dual(params.epsilon * miss - logP, -miss * (1.0 + params.epsilon * expSafe(logP)));
}`,
  cases: [
    { args: [[[0, 0]], [0]], loss: 1.1931471805599454 },
    { args: [[[0, 0]], [0]], options: { epsilon: -0.5 }, loss: 0.4431471805599453 },
  ],
});
