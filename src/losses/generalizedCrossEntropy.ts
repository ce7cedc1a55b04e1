import { rowLabel } from "../families/rowLabel.js";
import { checkLogits } from "../warn.js";

/**
 * Between cross-entropy (q near 0) and mean absolute error (q = 1): robust against wrong labels.
 * @example
 * const { loss } = await generalizedCrossEntropy([[2, 1, 0]], [0], { q: 0.7 });
 */
export const generalizedCrossEntropy = /* @__PURE__ */ rowLabel({
  name: "generalizedCrossEntropy",
  aka: ["GCE", "L_q loss"],
  summary:
    "Between cross-entropy (q near 0) and mean absolute error (q = 1): robust against wrong labels.",
  formula: String.raw`\frac{1 - p_y^{\,q}}{q}`,
  reference: "Zhang, Sabuncu 2018, arXiv:1805.07836",
  inputs: { logits: "wrt", targets: "labels" },
  options: {
    q: { default: 0.7, above: 0, max: 1, doc: "How much a very wrong row is played down." },
    ignoreIndex: {
      default: -100,
      integer: true,
      fixed: "always",
      doc: "Rows with this label take no part.",
    },
    checkLogits,
  },
  form: "logits",
  label: (logP, logMiss, { q }) => [
    -Math.expm1(q * logP) / q,
    -Math.exp(q * logP) * Math.exp(logMiss),
  ],
  wgsl: /* wgsl */ `
fn label(logP: f32, logMiss: f32) -> Dual {
  let power = params.q * max(logP, -1e30);
  return Dual(-expm1(power) / params.q, -expSafe(power) * expSafe(logMiss));
}`,
  cases: [
    { args: [[[0, 0]], [0]], options: { q: 1 }, loss: 0.5 },
    { args: [[[0, 0]], [0]], options: { q: 0.5 }, loss: 0.5857864376269049 },
  ],
});
