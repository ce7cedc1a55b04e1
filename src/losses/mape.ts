import { elementwise } from "../families/elementwise.js";

/**
 * Absolute error in percent of the target.
 * @example
 * const { loss } = await mape([90, 55], [100, 50]);
 */
export const mape = /* @__PURE__ */ elementwise({
  name: "mape",
  aka: ["mean absolute percentage error"],
  summary: "Absolute error in percent of the target.",
  formula: String.raw`100\, \frac{|\hat y - y|}{\max(|y|, \epsilon)}`,
  reference: "de Myttenaere et al. 2016, doi:10.1016/j.neucom.2015.12.114",
  inputs: { predictions: "wrt", targets: "wrt" },
  options: { eps: { default: 1e-7, above: 0, doc: "Smallest size of a target to divide by." } },
  cpu(prediction, label, { eps }) {
    const r = prediction - label;
    const size = Math.max(Math.abs(label), eps);
    const value = (100 * Math.abs(r)) / size;
    const slope = (100 * Math.sign(r)) / size;
    // The sum of both ways that a target counts, without the difference of two like numbers.
    const pull = -100 * Math.sign(r) * Math.sign(label) * (prediction / size / size);
    return [value, slope, Math.abs(label) >= eps ? pull : -slope];
  },
  wgsl: /* wgsl */ `
    fn loss(prediction: f32, label: f32) -> Dual2 {
      let r = prediction - label;
      let size = max(abs(label), params.eps);
      let value = 100.0 * abs(r) / size;
      let slope = 100.0 * sign(r) / size;
      let pull = -100.0 * sign(r) * sign(label) * (prediction / size / size);
      return Dual2(value, vec2f(slope, select(-slope, pull, abs(label) >= params.eps)));
    }`,
  kinks: () => [0],
  cases: [
    {
      args: [
        [90, 55],
        [100, 50],
      ],
      loss: 10,
    },
  ],
});
