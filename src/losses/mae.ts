import { elementwise } from "../families/elementwise.js";

/**
 * Absolute difference of prediction and target.
 * @example
 * const { loss } = await mae([2.5, 0, 4], [3, -1, 2]);
 */
export const mae = /* @__PURE__ */ elementwise({
  name: "mae",
  aka: ["mean absolute error", "L1 loss", "F.l1_loss"],
  summary: "Absolute difference of prediction and target.",
  formula: String.raw`|\hat y - y|`,
  reference: "Laplace 1774, Mémoire sur la probabilité des causes par les évènemens",
  inputs: { predictions: "wrt", targets: "wrt" },
  options: {},
  cpu(prediction, label) {
    const r = prediction - label;
    return [Math.abs(r), Math.sign(r), -Math.sign(r)];
  },
  wgsl: /* wgsl */ `
    fn loss(prediction: f32, label: f32) -> Dual2 {
      let r = prediction - label;
      return Dual2(abs(r), vec2f(sign(r), -sign(r)));
    }`,
  kinks: () => [0],
  limits: ["predictions", "targets"],
  atNaN: "zero",
  cases: [
    {
      args: [
        [2.5, 0, 4],
        [3, -1, 2],
      ],
      loss: 3.5 / 3,
    },
  ],
});
