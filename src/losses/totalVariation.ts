import { row } from "../families/row.js";
import { checkLogits } from "../warn.js";

/**
 * Total variation distance between two softmaxes: the largest difference that any event's probability can have.
 * @example
 * const { loss } = await totalVariation([[2, 1, 0]], [[0, 1, 2]]);
 */
export const totalVariation = /* @__PURE__ */ row({
  name: "totalVariation",
  aka: ["TVD", "total variation distance"],
  summary:
    "Total variation distance between two softmaxes: the largest difference that any event's probability can have.",
  formula: String.raw`\tfrac12 \sum_c |p_c - q_c|`,
  reference: "Levin, Peres, Wilmer 2009, Markov Chains and Mixing Times, section 4.1",
  inputs: { logits: "wrt", targetLogits: "asked" },
  options: { checkLogits },
  forms: () => ["logits", "logits"],
  slopesBy: () => ["probability", "probability"],
  cell(p, _logP, q) {
    const side = 0.5 * Math.sign(p - q);
    return [0.5 * Math.abs(p - q), side, -side];
  },
  wgsl: /* wgsl */ `
fn cell(p: f32, logP: f32, q: f32, logQ: f32, ratio: f32) -> Cell {
  let side = 0.5 * sign(p - q);
  return Cell(0.5 * abs(p - q), side, -side);
}`,
  cases: [
    { args: [[[0, 0]], [[0, 1.0986122886681098]]], loss: 0.25 },
    { args: [[[100, 0]], [[0, 100]]], loss: 1 },
  ],
});
