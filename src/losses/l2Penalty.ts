import { elementwise } from "../families/elementwise.js";

/**
 * Sum of squared parameters times `lambda`, to be added to a loss against large weights.
 * @example
 * const { loss, gradients } = await l2Penalty([0.5, -2], { lambda: 0.001, gradients: true });
 */
export const l2Penalty = /* @__PURE__ */ elementwise({
  name: "l2Penalty",
  aka: ["weight decay", "ridge", "Tikhonov"],
  summary: "Sum of squared parameters times `lambda`, to be added to a loss against large weights.",
  formula: String.raw`\lambda \textstyle\sum_i \theta_i^2`,
  reference: "Hoerl, Kennard 1970, doi:10.1080/00401706.1970.10488634",
  inputs: { parameters: "wrt" },
  options: { lambda: { default: 1, min: 0, doc: "What the squares count." } },
  reductions: ["sum", "none"],
  cpu: (x, { lambda }) => [lambda * x * x, 2 * lambda * x],
  wgsl: /* wgsl */ `
    fn loss(x: f32) -> Dual { return Dual(params.lambda * x * x, 2.0 * params.lambda * x); }`,
  limits: ["parameters"],
  cases: [
    { args: [[1, -2, 3]], options: { lambda: 0.001 }, loss: 0.014 },
    { args: [[0.5]], loss: 0.25 },
  ],
});
