import { elementwise } from "../families/elementwise.js";
import { kink } from "../families/kink.js";

/**
 * How far a score is from its margin on the side of its label, which is 1 or -1.
 * @example
 * const { loss } = await hinge([0.3, -2], [1, -1]);
 */
export const hinge = /* @__PURE__ */ elementwise({
  name: "hinge",
  aka: ["SVM loss"],
  summary: "How far a score is from its margin on the side of its label, which is 1 or -1.",
  formula: String.raw`\max(0,\, m - y s)`,
  reference: "Cortes, Vapnik 1995, doi:10.1007/BF00994018",
  inputs: { scores: "wrt", targets: "data" },
  options: {
    margin: { default: 1, doc: "The score that a label asks for." },
    kink,
  },
  // At the kink both settings give 0, as relu does.
  cpu(score, y, { margin }) {
    const gap = margin - y * score;
    return gap > 0 ? [gap, -y] : [0, 0];
  },
  wgsl: /* wgsl */ `
    fn loss(score: f32, y: f32) -> Dual {
      let gap = params.margin - y * score;
      return Dual(max(gap, 0.0), select(0.0, -y, gap > 0.0));
    }`,
  kinks: ({ margin = 1 }) => [margin],
  limits: ["scores"],
  cases: [
    {
      args: [
        [-3, 0, 1, 3],
        [1, 1, 1, 1],
      ],
      options: { reduction: "none" },
      loss: [4, 1, 0, 0],
    },
  ],
});
