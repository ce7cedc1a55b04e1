import { elementwise } from "../families/elementwise.js";
import { kink } from "../families/kink.js";

/**
 * What the score that should be higher lacks to beat the other by `margin`: the first where the label is 1, the second at -1.
 * @example
 * const { loss } = await marginRanking([3, 0.2], [1, 1.2], [1, 1], { margin: 1 });
 */
export const marginRanking = /* @__PURE__ */ elementwise({
  name: "marginRanking",
  aka: ["pairwise ranking loss", "F.margin_ranking_loss"],
  summary:
    "What the score that should be higher lacks to beat the other by `margin`: the first where the label is 1, the second at -1.",
  formula: String.raw`\max(0,\, m - y (a - b))`,
  reference: "Herbrich, Graepel, Obermayer 1999, doi:10.1049/cp:19991091",
  inputs: { first: "wrt", second: "wrt", targets: "data" },
  options: { margin: { default: 0, doc: "By how much one score must beat the other." }, kink },
  cpu(first, second, y, { margin, kink }) {
    const gap = margin - y * (first - second);
    if (gap > 0 || (kink === "torch" && gap === 0)) return [gap, -y, y];
    return [0, 0, 0];
  },
  wgsl: /* wgsl */ `
    fn loss(first: f32, second: f32, y: f32) -> Dual2 {
      let gap = params.margin - y * (first - second);
      let slope = select(0.0, y, gap > 0.0 || (KINK == 1u && gap == 0.0));
      return Dual2(max(gap, 0.0), vec2f(-slope, slope));
    }`,
  kinks: ({ margin = 0 }) => [margin],
  limits: ["first", "second"],
  cases: [
    {
      args: [
        [3, 0.2, 1.5],
        [1, 1.2, 1],
        [1, 1, -1],
      ],
      options: { margin: 1, reduction: "none" },
      loss: [0, 2, 1.5],
    },
  ],
});
