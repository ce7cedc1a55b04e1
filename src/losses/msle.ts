import { elementwise } from "../families/elementwise.js";

/** log(1 + p) - log(1 + t) as one logarithm of at least 1: exact for near and for far numbers. */
function logRatio(p: number, t: number): number {
  return p < t ? -Math.log1p((t - p) / (1 + p)) : Math.log1p((p - t) / (1 + t));
}

/**
 * Squared difference of log(1 + x): relative errors of large numbers count like those of small ones.
 * @example
 * const { loss } = await msle([90, 0.5], [100, 1]);
 */
export const msle = /* @__PURE__ */ elementwise({
  name: "msle",
  aka: ["mean squared logarithmic error"],
  summary:
    "Squared difference of log(1 + x): relative errors of large numbers count like those of small ones.",
  formula: String.raw`\left(\log(1 + \hat y) - \log(1 + y)\right)^2`,
  reference: "Kaggle 2012, Online Product Sales, root mean squared logarithmic error",
  inputs: { predictions: "wrt", targets: "wrt" },
  options: {},
  cpu(prediction, label) {
    const d = logRatio(prediction, label);
    return [d * d, (2 * d) / (1 + prediction), (-2 * d) / (1 + label)];
  },
  wgsl: /* wgsl */ `
    fn loss(prediction: f32, label: f32) -> Dual2 {
      let small = min(prediction, label);
      let x = abs(prediction - label) / (1.0 + small);
      if (small <= -1.0) {
        return Dual2(notANumber(), vec2f(notANumber()));
      }
      let d = log1pSafe(x) * select(1.0, -1.0, prediction < label);
      return Dual2(d * d, vec2f(2.0 * d / (1.0 + prediction), -2.0 * d / (1.0 + label)));
    }`,
  cases: [
    {
      args: [
        [Math.E - 1, 0],
        [0, 0],
      ],
      loss: 0.5,
    },
  ],
});
