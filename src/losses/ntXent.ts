import { contrast, contrastOutputs, twoViews } from "../families/pairwise.js";
import { temperatureOption } from "../families/temperature.js";

/**
 * Normalised temperature-scaled cross-entropy: each of 2N views finds its partner among the others.
 * @example
 * const { loss } = await ntXent([[1, 0], [0, 1]], [[1, 0.5], [0, 1]], { temperature: 0.5 });
 */
export const ntXent = /* @__PURE__ */ contrast({
  name: "ntXent",
  aka: ["SimCLR loss", "NT-Xent"],
  summary:
    "Normalised temperature-scaled cross-entropy: each of 2N views finds its partner among the others.",
  formula: String.raw`\log\textstyle\sum_{j \ne i} e^{s_{ij}/\tau} - s_{i\,i'}/\tau`,
  reference: "Chen et al. 2020, arXiv:2002.05709",
  inputs: { a: "wrt", b: "wrt" },
  shapes: { a: "(N, depth)", b: "(N, depth)" },
  options: { temperature: /* @__PURE__ */ temperatureOption(0.5) },
  outputs: contrastOutputs,
  cases: [{ args: [[[1, 2]], [[2, 1]]], loss: 0 }],
  arrange: () => ({ ...twoViews, skipPositive: false }),
});
