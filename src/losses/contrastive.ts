import { rowPairs } from "../families/rowPairs.js";

/**
 * Contrastive loss on pairs: alike ones are drawn together, different ones pushed a margin apart.
 * @example
 * const { loss } = await contrastive([[0, 0]], [[0.3, 0.4]], [0], { margin: 1 });
 */
export const contrastive = /* @__PURE__ */ rowPairs({
  name: "contrastive",
  aka: ["siamese loss", "Hadsell loss"],
  summary:
    "Contrastive loss on pairs: alike ones are drawn together, different ones pushed a margin apart.",
  formula: String.raw`y\, d^2 + (1 - y) \max(0, m - d)^2`,
  reference: "Hadsell, Chopra, LeCun 2006, doi:10.1109/CVPR.2006.100",
  inputs: { a: "wrt", b: "wrt", targets: "data" },
  shapes: { a: "(…, depth)", b: "(…, depth)", targets: "(…)" },
  options: { margin: { default: 1, min: 0, doc: "How far apart different vectors should be." } },
  cases: [
    {
      args: [
        [
          [0, 0],
          [0, 0],
        ],
        [
          [0.3, 0.4],
          [0.3, 0.4],
        ],
        [1, 0],
      ],
      loss: 0.25,
    },
  ],
  compare: () => ({ pairs: [["a", "b"]], measure: "l2" }),
  judge([distance = 0], label, { margin = 1 }) {
    const gap = Math.max(margin - distance, 0);
    return {
      value: label * distance ** 2 + (1 - label) * gap ** 2,
      slopes: [2 * (label * distance - (1 - label) * gap)],
    };
  },
  wgsl: /* wgsl */ `
    fn judge(distances: vec3f, label: f32) -> Verdict {
      let d = distances.x;
      let gap = max(params.margin - d, 0.0);
      let value = label * d * d + (1.0 - label) * gap * gap;
      return Verdict(value, vec3f(2.0 * (label * d - (1.0 - label) * gap), 0.0, 0.0));
    }`,
});
