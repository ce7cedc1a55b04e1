import { rowFunction } from "../families/rowFunction.js";

/**
 * Logarithm of the sum of exponentials of each row, without overflow; gradients are for `upstream`.
 * @example
 * const { output } = await logSumExp([[1000, 999, 998]]);
 */
export const logSumExp = /* @__PURE__ */ rowFunction({
  name: "logSumExp",
  aka: ["log-partition function", "torch.logsumexp"],
  summary:
    "Logarithm of the sum of exponentials of each row, without overflow; gradients are for `upstream`.",
  formula: String.raw`\log\textstyle\sum_c e^{z_c}`,
  reference: "Blanchard, Higham, Higham 2021, doi:10.1093/imanum/draa038",
  width: "one",
  cpu: async () => (await import("../cpu/softmaxFunctions.js")).logSumExpCpu,
  cases: [{ args: [[[1000, 999, 998]]], loss: [1000.407605964444] }],
});
