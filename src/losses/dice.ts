import { overlap } from "../families/overlap.js";

/**
 * One minus twice the overlap of two maps over their sizes, one value per sample.
 * @example
 * const { loss } = await dice([[0.9, 0.2, 0.8]], [[1, 0, 1]]);
 */
export const dice = /* @__PURE__ */ overlap({
  name: "dice",
  aka: ["Sørensen-Dice", "F1 overlap"],
  summary: "One minus twice the overlap of two maps over their sizes, one value per sample.",
  formula: String.raw`1 - \frac{2 \sum p t + s}{\sum p + \sum t + s}`,
  reference: "Milletari, Navab, Ahmadi 2016, arXiv:1606.04797",
  options: {
    smooth: { default: 1, min: 0, doc: "Added above and below, so that two empty maps match." },
  },
  // Half of each wrong element and half of the smoothing: the same fraction, halved above and below.
  weights: ({ smooth }) => [0.5, 0.5, (smooth as number) / 2],
  wgsl: /* wgsl */ `fn weights() -> vec3f { return vec3f(0.5, 0.5, 0.5 * params.smoothing); }`,
  cases: [
    { args: [[[1, 0, 1]], [[1, 0, 1]]], loss: 0 },
    { args: [[[1, 0, 1]], [[1, 1, 0]]], loss: 0.4 },
  ],
});
