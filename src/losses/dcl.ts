import { contrast, contrastOutputs, twoViews } from "../families/pairwise.js";
import { temperatureOption } from "../families/temperature.js";

/**
 * Decoupled contrastive loss: NT-Xent whose denominator leaves out the positive; it may be negative.
 * @example
 * const { loss } = await dcl([[1, 0], [0, 1]], [[1, 0.5], [0, 1]], { temperature: 0.1 });
 */
export const dcl = /* @__PURE__ */ contrast({
  name: "dcl",
  aka: ["decoupled contrastive learning"],
  summary:
    "Decoupled contrastive loss: NT-Xent whose denominator leaves out the positive; it may be negative.",
  formula: String.raw`\log\textstyle\sum_{j \notin \{i, i'\}} e^{s_{ij}/\tau} - s_{i\,i'}/\tau`,
  reference: "Yeh et al. 2022, arXiv:2110.06848",
  inputs: { a: "wrt", b: "wrt" },
  shapes: { a: "(N, depth)", b: "(N, depth)" },
  options: { temperature: /* @__PURE__ */ temperatureOption(0.1) },
  outputs: contrastOutputs,
  cases: [
    {
      args: [
        [
          [1, 0],
          [0, 1],
        ],
        [
          [1, 0],
          [0, 1],
        ],
      ],
      options: { temperature: 1 },
      loss: Math.LN2 - 1,
    },
  ],
  arrange: () => ({ ...twoViews, skipPositive: true }),
});
