import { row } from "../families/row.js";
import { checkLogits } from "../warn.js";

/**
 * Entropy of the softmax of each row; as a bonus, subtract it.
 * @example
 * const { loss } = await entropy([[0, 0, 0, 0]], { unit: "bits" });
 */
export const entropy = /* @__PURE__ */ row({
  name: "entropy",
  aka: ["entropy bonus"],
  summary: "Entropy of the softmax of each row; as a bonus, subtract it.",
  formula: String.raw`-\sum_c p_c \log p_c`,
  reference: "Shannon 1948, doi:10.1002/j.1538-7305.1948.tb01338.x",
  inputs: { logits: "wrt" },
  options: {
    unit: { default: "nats", values: ["nats", "bits"], doc: "Natural logarithms, or base 2." },
    checkLogits,
  },
  forms: () => ["logits", "nothing"],
  slopesBy: () => ["probability", "log"],
  cell(p, logP, _q, _logQ, _ratio, { unit }) {
    if (p === 0) return [0, 0, 0];
    const cost = -logP * (unit === "bits" ? Math.LOG2E : 1);
    return [p * cost, cost, 0];
  },
  wgsl: /* wgsl */ `
fn cell(p: f32, logP: f32, q: f32, logQ: f32, ratio: f32) -> Cell {
  let cost = select(-logP * select(1.0, LOG2E, UNIT == 1u), 0.0, p == 0.0);
  return Cell(p * cost, cost, 0.0);
}`,
  cases: [
    { args: [[[0, 0, 0, 0]]], loss: 1.3862943611198906 },
    { args: [[[0, 0, 0, 0]]], options: { unit: "bits" }, loss: 2 },
  ],
});
