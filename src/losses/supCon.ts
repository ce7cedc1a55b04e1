import { contrast } from "../families/pairwise.js";
import { temperatureOption } from "../families/temperature.js";

/**
 * Supervised contrastive loss: each anchor is drawn to all others of its label. Anchors without one take no part.
 * @example
 * const { loss } = await supCon([[1, 0], [1, 1], [0, 1]], [0, 0, 1], { temperature: 0.2 });
 */
export const supCon = /* @__PURE__ */ contrast({
  name: "supCon",
  aka: ["supervised contrastive learning"],
  summary:
    "Supervised contrastive loss: each anchor is drawn to all others of its label. Anchors without one take no part.",
  formula: String.raw`\log\textstyle\sum_{j \ne i} e^{s_{ij}/\tau} - \tfrac{1}{|P(i)|} \sum_{p \in P(i)} s_{ip}/\tau`,
  reference: "Khosla et al. 2020, arXiv:2004.11362",
  inputs: { features: "wrt", labels: "labels" },
  shapes: { features: "(N, depth)", labels: "(N)" },
  options: { temperature: /* @__PURE__ */ temperatureOption(0.07) },
  cases: [
    {
      args: [
        [
          [1, 0],
          [0, 1],
          [-1, 0],
        ],
        [0, 0, 1],
      ],
      options: { temperature: 1 },
      loss: 0.503204434039,
    },
  ],
  arrange: () => ({
    left: ["features"],
    right: ["features"],
    metric: "cosine",
    scale: "temperature",
    bias: 0,
    positives: "sameLabel",
    skipSelf: true,
    skipPositive: false,
    symmetric: false,
  }),
});
