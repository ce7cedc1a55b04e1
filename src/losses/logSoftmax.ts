import { rowFunction } from "../families/rowFunction.js";

/**
 * Log-probabilities of the softmax of each row; gradients are for `upstream`.
 * @example
 * const { output } = await logSoftmax([[2, 1, 0]]);
 */
export const logSoftmax = /* @__PURE__ */ rowFunction({
  name: "logSoftmax",
  aka: ["F.log_softmax"],
  summary: "Log-probabilities of the softmax of each row; gradients are for `upstream`.",
  formula: String.raw`z_c - \log\textstyle\sum_k e^{z_k}`,
  reference: "Goodfellow, Bengio, Courville 2016, Deep Learning, section 6.2.2",
  width: "classes",
  cpu: async () => (await import("../cpu/softmaxFunctions.js")).logSoftmaxCpu,
  cases: [
    { args: [[[0, 0]]], loss: [-Math.LN2, -Math.LN2] },
    {
      args: [[[1000, 1000, 1000, 1000]]],
      loss: [-1.3862943611198906, -1.3862943611198906, -1.3862943611198906, -1.3862943611198906],
    },
  ],
});
