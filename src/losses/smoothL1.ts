import { elementwise } from "../families/elementwise.js";

/**
 * Quadratic closer to the target than `beta`, else the absolute difference less beta / 2.
 * @example
 * const { loss } = await smoothL1([2, 0.5], [0, 1], { beta: 1 });
 */
export const smoothL1 = /* @__PURE__ */ elementwise({
  name: "smoothL1",
  aka: ["F.smooth_l1_loss"],
  summary:
    "Quadratic closer to the target than `beta`, else the absolute difference less beta / 2.",
  formula: String.raw`\frac{r^2}{2\beta} \;\text{if}\; |r| < \beta, \quad |r| - \tfrac12\beta \;\text{otherwise}`,
  reference: "Girshick 2015, arXiv:1504.08083",
  inputs: { predictions: "wrt", targets: "wrt" },
  options: { beta: { default: 1, min: 0, doc: "Where the quadratic ends; 0 is the L1 loss." } },
  cpu(prediction, label, { beta }) {
    const r = prediction - label;
    const a = Math.abs(r);
    if (a < beta) return [(r * r) / (2 * beta), r / beta, -r / beta];
    return [a - beta / 2, Math.sign(r), -Math.sign(r)];
  },
  wgsl: /* wgsl */ `
    fn loss(prediction: f32, label: f32) -> Dual2 {
      let r = prediction - label;
      if (abs(r) < params.beta) {
        let slope = r / params.beta;
        return Dual2(0.5 * r * slope, vec2f(slope, -slope));
      }
      return Dual2(abs(r) - 0.5 * params.beta, vec2f(sign(r), -sign(r)));
    }`,
  kinks: ({ beta = 1 }) => [-beta, beta],
  limits: ["predictions", "targets"],
  cases: [
    {
      args: [
        [2, 0.5],
        [0, 1],
      ],
      loss: [1.5, 0.125],
      options: { reduction: "none" },
    },
  ],
});
