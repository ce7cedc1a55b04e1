import { elementwise } from "../families/elementwise.js";

/**
 * Negative log-likelihood of counts under Poisson distributions with predicted rates.
 * @example
 * const { loss } = await poissonNLL([0.5, 1], [1, 3]);
 */
export const poissonNLL = /* @__PURE__ */ elementwise({
  name: "poissonNLL",
  aka: ["F.poisson_nll_loss"],
  summary: "Negative log-likelihood of counts under Poisson distributions with predicted rates.",
  formula: String.raw`e^x - t x \quad\text{or}\quad x - t \log(x + \epsilon)`,
  reference: "Nelder, Wedderburn 1972, doi:10.2307/2344614",
  inputs: { predictions: "wrt", targets: "wrt" },
  options: {
    logInput: { default: true, doc: "The predictions are logarithms of the rates." },
    full: { default: false, doc: "Adds Stirling's approximation of log t! where t is above 1." },
    eps: { default: 1e-8, above: 0, doc: "Keeps the logarithm of a rate of 0 finite." },
  },
  cpu(x, t, { logInput, full, eps }) {
    const logRate = logInput ? x : Math.log(x + eps);
    const rate = logInput ? Math.exp(x) : x;
    const slope = logInput ? rate - t : 1 - t / (x + eps);
    const stirling = full && t > 1;
    const logT = Math.log(t);
    const more = stirling ? t * logT - t + 0.5 * (Math.log(2 * Math.PI) + logT) : 0;
    return [rate - t * logRate + more, slope, (stirling ? logT + 0.5 / t : 0) - logRate];
  },
  wgsl: /* wgsl */ `
    fn loss(x: f32, t: f32) -> Dual2 {
      var logRate = x;
      var rate = x;
      var slope = 0.0;
      if (LOG_INPUT) {
        rate = expWide(x);
        slope = rate - t;
      } else {
        // Beside x, eps is too small for a sum in f32, but not for a large t.
        let large = max(x, params.eps);
        logRate = logSafe(large) + log1pSafe(min(x, params.eps) / large);
        slope = 1.0 - t / (x + params.eps);
      }
      var value = rate - t * logRate;
      var labelSlope = -logRate;
      if (FULL && t > 1.0) {
        let logT = logSafe(t);
        value += t * logT - t + 0.5 * (1.8378771 + logT);
        labelSlope += logT + 0.5 / t;
      }
      return Dual2(value, vec2f(slope, labelSlope));
    }`,
  cases: [
    {
      args: [
        [0, 1],
        [2, 0],
      ],
      options: { reduction: "none" },
      loss: [1, Math.E],
    },
  ],
});
