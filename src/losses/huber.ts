import { elementwise } from "../families/elementwise.js";

/**
 * Quadratic near the target, linear beyond `delta`.
 * @example
 * const { loss } = await huber([2, 0.5], [0, 1], { delta: 1 });
 */
export const huber = /* @__PURE__ */ elementwise({
  name: "huber",
  aka: ["F.huber_loss", "robust regression"],
  summary: "Quadratic near the target, linear beyond `delta`.",
  formula: String.raw`\tfrac12 r^2 \;\text{if}\; |r| \le \delta, \quad \delta(|r| - \tfrac12\delta) \;\text{otherwise}`,
  reference: "Huber 1964, doi:10.1214/aoms/1177703732",
  inputs: { predictions: "wrt", targets: "wrt" },
  options: { delta: { default: 1, above: 0, doc: "Where the quadratic turns linear." } },
  cpu(prediction, label, { delta }) {
    const r = prediction - label;
    const slope = Math.min(Math.max(r, -delta), delta);
    const far = Math.abs(r) > delta;
    return [far ? delta * (Math.abs(r) - delta / 2) : (r * r) / 2, slope, -slope];
  },
  wgsl: /* wgsl */ `
    fn loss(prediction: f32, label: f32) -> Dual2 {
      let r = prediction - label;
      let slope = clamp(r, -params.delta, params.delta);
      return Dual2(slope * (r - 0.5 * slope), vec2f(slope, -slope));
    }`,
  kinks: ({ delta = 1 }) => [-delta, delta],
  limits: ["predictions", "targets"],
  cases: [
    {
      args: [
        [2, 0.5],
        [0, 1],
      ],
      options: { reduction: "none" },
      loss: [1.5, 0.125],
    },
  ],
});
