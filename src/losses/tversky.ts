import { overlap } from "../families/overlap.js";

/**
 * Dice with a weight for false alarms and one for misses, one value per sample.
 * @example
 * const { loss } = await tversky([[0.9, 0.2, 0.8]], [[1, 0, 1]], { alpha: 0.3, beta: 0.7 });
 */
export const tversky = /* @__PURE__ */ overlap({
  name: "tversky",
  aka: ["Tversky index", "Jaccard of maps (alpha = beta = 1)"],
  summary: "Dice with a weight for false alarms and one for misses, one value per sample.",
  formula: String.raw`1 - \frac{\sum p t + s}{\sum p t + \alpha \sum p (1 - t) + \beta \sum (1 - p) t + s}`,
  reference: "Salehi, Erdogmus, Gholipour 2017, arXiv:1706.05721",
  options: {
    alpha: { default: 0.5, min: 0, doc: "Weight of false alarms." },
    beta: { default: 0.5, min: 0, doc: "Weight of misses." },
    smooth: { default: 1, min: 0, doc: "Added above and below, so that two empty maps match." },
  },
  weights: ({ alpha, beta, smooth }) => [alpha as number, beta as number, smooth as number],
  wgsl: /* wgsl */ `fn weights() -> vec3f { return vec3f(params.alpha, params.beta, params.smoothing); }`,
  cases: [
    {
      args: [[[1, 0, 1]], [[1, 1, 0]]],
      options: { alpha: 1, beta: 1, smooth: 0 },
      loss: 2 / 3,
    },
  ],
});
