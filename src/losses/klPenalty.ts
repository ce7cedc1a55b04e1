import { elementwise } from "../families/elementwise.js";

/**
 * Estimate of the divergence of a policy from its reference, from the log-probabilities of one sampled token.
 * @example
 * const { loss } = await klPenalty([-1.2, -0.4], [-1, -0.5], { estimator: "k3" });
 */
export const klPenalty = /* @__PURE__ */ elementwise({
  name: "klPenalty",
  aka: ["k1, k2 and k3 estimators", "RLHF penalty"],
  summary:
    "Estimate of the divergence of a policy from its reference, from the log-probabilities of one sampled token.",
  formula: String.raw`k_1 = -d, \quad k_2 = \tfrac12 d^2, \quad k_3 = e^d - 1 - d, \quad d = \log \pi_\text{ref} - \log \pi`,
  reference: "Schulman 2020, Approximating KL Divergence, joschu.net/blog/kl-approx.html",
  inputs: { logProbs: "wrt", referenceLogProbs: "wrt" },
  options: {
    estimator: {
      default: "k1",
      values: ["k1", "k2", "k3"],
      doc: "Unbiased, of low variance, or both and never negative.",
    },
  },
  cpu(logProb, reference, { estimator }) {
    const d = reference - logProb;
    if (estimator === "k1") return [-d, 1, -1];
    if (estimator === "k2") return [0.5 * d * d, -d, d];
    const slope = Math.expm1(d);
    return [slope === Number.POSITIVE_INFINITY ? slope : slope - d, -slope, slope];
  },
  wgsl: /* wgsl */ `
    fn loss(logProb: f32, reference: f32) -> Dual2 {
      let d = reference - logProb;
      if (ESTIMATOR == 0u) {
        return Dual2(-d, vec2f(1.0, -1.0));
      }
      if (ESTIMATOR == 1u) {
        return Dual2(0.5 * d * d, vec2f(-d, d));
      }
      let slope = expm1Wide(d);
      return Dual2(expm1Less(d), vec2f(-slope, slope));
    }`,
  limits: ["logProbs", "referenceLogProbs"],
  cases: [
    { args: [[-1], [-2]], loss: 1 },
    { args: [[-1], [-2]], options: { estimator: "k3" }, loss: 0.367879441171442 },
  ],
});
