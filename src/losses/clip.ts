import { contrast, contrastOutputs } from "../families/pairwise.js";

/**
 * Symmetric InfoNCE between images and texts, with a learned logit scale.
 * @example
 * const { loss } = await clip([[1, 0], [0, 1]], [[2, 0], [1, 1]], { logitScale: 1.5 });
 */
export const clip = /* @__PURE__ */ contrast({
  name: "clip",
  aka: ["symmetric InfoNCE", "CLIP loss", "multi-class N-pair loss"],
  summary: "Symmetric InfoNCE between images and texts, with a learned logit scale.",
  formula: String.raw`\tfrac12\left(\log\textstyle\sum_j e^{s_{ij}} + \log\sum_j e^{s_{ji}}\right) - s_{ii}, \quad s = e^{t}\, \hat a \hat b^\top`,
  reference: "Radford et al. 2021, arXiv:2103.00020",
  inputs: { images: "wrt", texts: "wrt" },
  shapes: { images: "(N, depth)", texts: "(N, depth)" },
  options: {
    logitScale: {
      tensor: "one number",
      default: Math.log(1 / 0.07),
      role: "wrt",
      doc: "Logarithm of what multiplies the similarities; as a tensor it can have a gradient.",
    },
  },
  outputs: contrastOutputs,
  cases: [
    {
      args: [
        [
          [1, 0],
          [0, 1],
        ],
        [
          [3, 0],
          [0, 2],
        ],
      ],
      options: { logitScale: 0 },
      loss: 0.313261687518,
    },
  ],
  arrange: () => ({
    left: ["images"],
    right: ["texts"],
    metric: "cosine",
    scale: "logitScale",
    bias: 0,
    positives: "diagonal",
    skipSelf: false,
    skipPositive: false,
    symmetric: true,
  }),
});
