import { row } from "../families/row.js";
import { checkLogits } from "../warn.js";

/**
 * Expected cost of the softmax's decision, from a table of what each mistake costs.
 * @example
 * const { loss } = await costMatrix([[1, 0]], [0], { costs: [[0, 1], [5, 0]] });
 */
export const costMatrix = /* @__PURE__ */ row({
  name: "costMatrix",
  aka: ["cost-sensitive loss", "expected cost"],
  summary: "Expected cost of the softmax's decision, from a table of what each mistake costs.",
  formula: String.raw`\sum_c p_c M_{yc}`,
  reference: "Elkan 2001, The foundations of cost-sensitive learning, IJCAI",
  inputs: { logits: "wrt", targets: "labels" },
  options: {
    costs: {
      tensor: "(classes, classes)",
      role: "data",
      doc: "Row y, column c: what it costs to answer c where y is true. Needed.",
    },
    checkLogits,
  },
  forms: () => ["logits", "table"],
  slopesBy: () => ["probability", "log"],
  table: "costs",
  cell(p, _logP, cost) {
    return [p === 0 ? 0 : p * cost, cost, 0];
  },
  wgsl: /* wgsl */ `
fn cell(p: f32, logP: f32, cost: f32, logCost: f32, ratio: f32) -> Cell {
  return Cell(p * cost, cost, 0.0);
}`,
  cases: [
    {
      args: [
        [
          [0, 0],
          [0, 0],
        ],
        [0, 1],
      ],
      options: {
        costs: [
          [0, 1],
          [5, 0],
        ],
      },
      loss: 1.5,
    },
  ],
});
