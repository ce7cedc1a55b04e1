import { elementwise } from "../families/elementwise.js";

/**
 * Squared difference of prediction and target.
 * @example
 * const { loss } = await mse([2.5, 0, 4], [3, -1, 2]);
 */
export const mse = /* @__PURE__ */ elementwise({
  name: "mse",
  aka: ["mean squared error", "L2 loss", "F.mse_loss"],
  summary: "Squared difference of prediction and target.",
  formula: String.raw`r^2, \quad r = \hat y - y`,
  reference: "Gauss 1809, Theoria motus corporum coelestium, section 179",
  inputs: { predictions: "wrt", targets: "wrt" },
  options: {},
  cpu(prediction, label) {
    const r = prediction - label;
    return [r * r, 2 * r, -2 * r];
  },
  wgsl: /* wgsl */ `
    fn loss(prediction: f32, label: f32) -> Dual2 {
      let r = prediction - label;
      return Dual2(r * r, vec2f(2.0 * r, -2.0 * r));
    }`,
  limits: ["predictions", "targets"],
  cases: [
    {
      args: [
        [2.5, 0, 4],
        [3, -1, 2],
      ],
      loss: 1.75,
    },
  ],
});
