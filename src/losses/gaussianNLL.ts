import { elementwise } from "../families/elementwise.js";
import { expectWithin } from "../families/operands.js";

const HALF_LOG_2PI = 0.9189385332046727;

/**
 * Negative log-likelihood of targets under normal distributions with learned means and variances.
 * @example
 * const { loss } = await gaussianNLL([0.1, 0.8], [0, 1], [-1, 0], { parameter: "logSigma" });
 */
export const gaussianNLL = /* @__PURE__ */ elementwise({
  name: "gaussianNLL",
  aka: ["heteroscedastic regression", "F.gaussian_nll_loss"],
  summary:
    "Negative log-likelihood of targets under normal distributions with learned means and variances.",
  formula: String.raw`\tfrac12\left(\log \sigma^2 + \frac{(\mu - y)^2}{\sigma^2}\right)`,
  reference: "Nix, Weigend 1994, doi:10.1109/ICNN.1994.374138",
  inputs: { means: "wrt", targets: "wrt", variances: "wrt" },
  options: {
    parameter: {
      default: "variance",
      values: ["variance", "logVariance", "logSigma"],
      doc: "What `variances` holds: the variance, its logarithm, or that of the deviation.",
    },
    full: { default: false, doc: "Adds the constant log(2π) / 2." },
    eps: { default: 1e-6, above: 0, doc: "Smallest variance; the gradient passes through." },
  },
  check(request, arrangement) {
    if (request.choices.parameter !== "variance") return;
    expectWithin(request, arrangement, "variances", 0, Number.POSITIVE_INFINITY);
  },
  cpu(mean, label, variance, { parameter, full, eps }) {
    const r = mean - label;
    const tail = full ? HALF_LOG_2PI : 0;
    if (parameter === "variance") {
      const v = Math.max(variance, eps);
      const q = r / v;
      return [0.5 * (Math.log(v) + r * q) + tail, q, -q, 0.5 * (1 / v - q * q)];
    }
    // log variance is 2 · share · what is given.
    const share = parameter === "logSigma" ? 1 : 0.5;
    const q = r * Math.exp(-2 * share * variance);
    return [share * variance + 0.5 * r * q + tail, q, -q, share * (1 - r * q)];
  },
  wgsl: /* wgsl */ `
    fn loss(mean: f32, label: f32, variance: f32) -> Dual3 {
      let r = mean - label;
      let tail = select(0.0, 0.91893853, FULL);
      if (PARAMETER == 0u) {
        let v = max(variance, params.eps);
        let q = r / v;
        return Dual3(0.5 * (logSafe(v) + r * q) + tail, vec3f(q, -q, 0.5 * (1.0 / v - q * q)));
      }
      let share = select(0.5, 1.0, PARAMETER == 2u);
      let q = r * expWide(-2.0 * share * variance);
      return Dual3(share * variance + 0.5 * r * q + tail, vec3f(q, -q, share * (1.0 - r * q)));
    }`,
  cases: [
    {
      args: [
        [0.1, 0.8, 2.5],
        [0, 1, 2],
        [-1, 0, 0.5],
      ],
      options: { parameter: "logSigma", full: true },
      loss: 0.786581936752,
    },
  ],
});
