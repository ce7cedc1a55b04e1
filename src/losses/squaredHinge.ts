import { elementwise } from "../families/elementwise.js";

/**
 * Square of the hinge loss: smooth at the margin, harder on large violations. Labels are 1 or -1.
 * @example
 * const { loss } = await squaredHinge([0.3, -2], [1, -1]);
 */
export const squaredHinge = /* @__PURE__ */ elementwise({
  name: "squaredHinge",
  aka: ["L2-SVM loss"],
  summary:
    "Square of the hinge loss: smooth at the margin, harder on large violations. Labels are 1 or -1.",
  formula: String.raw`\max(0,\, m - y s)^2`,
  reference: "Lee, Mangasarian 2001, doi:10.1023/A:1011215321374",
  inputs: { scores: "wrt", targets: "data" },
  options: { margin: { default: 1, doc: "The score that a label asks for." } },
  cpu(score, y, { margin }) {
    const gap = Math.max(margin - y * score, 0);
    return [gap * gap, -2 * y * gap];
  },
  wgsl: /* wgsl */ `
    fn loss(score: f32, y: f32) -> Dual {
      let gap = max(params.margin - y * score, 0.0);
      return Dual(gap * gap, -2.0 * y * gap);
    }`,
  limits: ["scores"],
  cases: [
    {
      args: [
        [-3, 0, 1, 3],
        [1, 1, 1, 1],
      ],
      options: { reduction: "none" },
      loss: [16, 1, 0, 0],
    },
  ],
});
