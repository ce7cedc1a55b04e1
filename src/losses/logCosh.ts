import { elementwise } from "../families/elementwise.js";

/**
 * Logarithm of the hyperbolic cosine of the difference: quadratic near 0, linear far away, smooth everywhere.
 * @example
 * const { loss } = await logCosh([1, -5], [0, 0]);
 */
export const logCosh = /* @__PURE__ */ elementwise({
  name: "logCosh",
  aka: ["log-cosh"],
  summary:
    "Logarithm of the hyperbolic cosine of the difference: quadratic near 0, linear far away, smooth everywhere.",
  formula: String.raw`\log\cosh r = |r| + \log\left(1 + e^{-2|r|}\right) - \log 2`,
  reference: "Saleh, Saleh 2022, arXiv:2208.04564",
  inputs: { predictions: "wrt", targets: "wrt" },
  options: {},
  cpu(prediction, label) {
    const r = prediction - label;
    const a = Math.abs(r);
    const slope = Math.tanh(r);
    // Near 0 the formula cancels; cosh r - 1 = 2 sinh²(r/2) does not.
    if (a < 1) return [Math.log1p(2 * Math.sinh(r / 2) ** 2), slope, -slope];
    return [a + Math.log1p(Math.exp(-2 * a)) - Math.LN2, slope, -slope];
  },
  wgsl: /* wgsl */ `
    fn loss(prediction: f32, label: f32) -> Dual2 {
      let r = prediction - label;
      let a = abs(r);
      let slope = tanhSafe(r);
      // cosh a - 1 from e^a - 1, where the formula cancels.
      let e = expm1(min(a, 1.0));
      let near = log1p(0.5 * e * e / (1.0 + e));
      let far = a + (log1p(expGuarded(-2.0 * a)) - 0.69314718);
      return Dual2(select(far, near, a < 1.0), vec2f(slope, -slope));
    }`,
  limits: ["predictions", "targets"],
  cases: [
    {
      args: [
        [-5, -1, 0, 1, 5],
        [0, 0, 0, 0, 0],
      ],
      options: { reduction: "none" },
      loss: [4.306898218339, 0.433780830483, 0, 0.433780830483, 4.306898218339],
    },
  ],
});
