import { rowFunction } from "../families/rowFunction.js";

/**
 * Probabilities of the softmax of each row; gradients are for `upstream`.
 * @example
 * const { output } = await softmax([[2, 1, 0]]);
 */
export const softmax = /* @__PURE__ */ rowFunction({
  name: "softmax",
  aka: ["F.softmax", "Boltzmann distribution"],
  summary: "Probabilities of the softmax of each row; gradients are for `upstream`.",
  formula: String.raw`\frac{e^{z_c}}{\sum_k e^{z_k}}`,
  reference: "Bridle 1990, doi:10.1007/978-3-642-76153-9_28",
  width: "classes",
  cpu: async () => (await import("../cpu/softmaxFunctions.js")).softmaxCpu,
  cases: [{ args: [[[0, 1.0986122886681098]]], loss: [0.25, 0.75] }],
});
