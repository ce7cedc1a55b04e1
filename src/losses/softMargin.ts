import { sigmoid, softplus } from "../cpu/functions.js";
import { elementwise } from "../families/elementwise.js";

/**
 * Logistic loss of a score and its label, which is 1 or -1.
 * @example
 * const { loss } = await softMargin([0.3, -2], [1, -1]);
 */
export const softMargin = /* @__PURE__ */ elementwise({
  name: "softMargin",
  aka: ["logistic loss", "F.soft_margin_loss"],
  summary: "Logistic loss of a score and its label, which is 1 or -1.",
  formula: String.raw`\log\left(1 + e^{-y s}\right)`,
  reference: "Friedman, Hastie, Tibshirani 2000, doi:10.1214/aos/1016218223",
  inputs: { scores: "wrt", targets: "data" },
  options: {},
  cpu(score, y) {
    const m = y * score;
    return [softplus(-m), -y * sigmoid(-m)];
  },
  wgsl: /* wgsl */ `
    fn loss(score: f32, y: f32) -> Dual {
      let m = y * score;
      return Dual(softplus(-m), -y * sigmoid(-m));
    }`,
  limits: ["scores"],
  cases: [
    {
      args: [
        [-3, 0, 1, 3],
        [1, 1, 1, 1],
      ],
      options: { reduction: "none" },
      loss: [3.048587351574, Math.LN2, 0.313261687518, 0.048587351574],
    },
  ],
});
