import { elementwise } from "../families/elementwise.js";

/**
 * Kullback-Leibler divergence of normal distributions from a prior, per latent; the standard normal where no prior is given.
 * @example
 * const { loss } = await gaussianKL([[0.5, -1]], [[0, -0.5]], { reduction: "batchMean" });
 */
export const gaussianKL = /* @__PURE__ */ elementwise({
  name: "gaussianKL",
  aka: ["VAE regulariser", "KL to the standard normal"],
  summary:
    "Kullback-Leibler divergence of normal distributions from a prior, per latent; the standard normal where no prior is given.",
  formula: String.raw`\tfrac12\left(e^{v - u} - 1 - (v - u) + (\mu - m)^2 e^{-u}\right), \quad v = \log \sigma^2, \; u = \log s^2`,
  reference: "Kingma, Welling 2013, arXiv:1312.6114, appendix B",
  inputs: { means: "wrt", logVariances: "wrt" },
  options: {
    priorMeans: { tensor: "(…)", default: 0, role: "wrt", doc: "Means m of the prior." },
    priorLogVariances: {
      tensor: "(…)",
      default: 0,
      role: "wrt",
      doc: "Log-variances u of the prior.",
    },
  },
  cpu(mean, logVariance, priorMean, priorLogVariance) {
    const d = logVariance - priorLogVariance;
    const grown = Math.expm1(d);
    const r = mean - priorMean;
    const q = r * Math.exp(-priorLogVariance);
    return [0.5 * (grown - d + r * q), q, 0.5 * grown, -q, -0.5 * (grown + r * q)];
  },
  wgsl: /* wgsl */ `
    fn loss(mean: f32, logVariance: f32, priorMean: f32, priorLogVariance: f32) -> Dual4 {
      let d = logVariance - priorLogVariance;
      let grown = expm1Wide(d);
      let r = mean - priorMean;
      let q = r * expWide(-priorLogVariance);
      return Dual4(0.5 * (expm1Less(d) + r * q), vec4f(q, 0.5 * grown, -q, -0.5 * (grown + r * q)));
    }`,
  cases: [{ args: [[[1, 0]], [[0, 0]]], options: { reduction: "batchMean" }, loss: 0.5 }],
});
