import { row } from "../families/row.js";
import { checkLogits } from "../warn.js";

/**
 * Divergence of a student's softened softmax from its teacher's, scaled back by the squared temperature.
 * @example
 * const { gradients } = await distillation([[2, 1, 0]], [[3, 1, 0]], { temperature: 2, gradients: true });
 */
export const distillation = /* @__PURE__ */ row({
  name: "distillation",
  aka: ["knowledge distillation", "soft-target loss"],
  summary:
    "Divergence of a student's softened softmax from its teacher's, scaled back by the squared temperature.",
  formula: String.raw`T^2\,\mathrm{KL}\!\left(\operatorname{softmax}(t/T) \,\|\, \operatorname{softmax}(s/T)\right)`,
  reference: "Hinton, Vinyals, Dean 2015, arXiv:1503.02531",
  inputs: { studentLogits: "wrt", teacherLogits: "asked" },
  options: {
    temperature: {
      default: 1,
      above: 0,
      doc: "Divides both rows of logits; larger shows more of the teacher's small probabilities.",
    },
    checkLogits,
  },
  forms: () => ["logits", "logits"],
  slopesBy: () => ["log", "probability"],
  cell(_p, _logP, q, logQ, ratio, { temperature }) {
    if (logQ === Number.NEGATIVE_INFINITY) return [0, 0, 0];
    const scale = temperature * temperature;
    // However little the teacher gives to what the student rules out, it is infinitely much.
    const value = Number.isFinite(ratio) ? -scale * q * ratio : -ratio;
    return [value, -scale * q, -scale * ratio];
  },
  wgsl: /* wgsl */ `
fn cell(p: f32, logP: f32, q: f32, logQ: f32, ratio: f32) -> Cell {
  let scale = params.temperature * params.temperature;
  if (isGone(logQ)) {
    return Cell(scale * p, 0.0, 0.0);
  }
  // Both sum to 1: with their difference every cell is at least 0, and an error of the logarithms,
  // where the distributions are nearly equal, counts only by its square.
  let value = select((p - q) - q * ratio, q * expm1Less(ratio), abs(ratio) < 1.0);
  let isLost = isGone(logP);
  return Cell(select(scale * value, INFINITE, isLost), -scale * q,
    select(-scale * ratio, INFINITE, isLost));
}`,
  cases: [
    { args: [[[0, 0]], [[0, 1.0986122886681098]]], loss: 0.13081203594113697 },
    {
      args: [[[0, 0]], [[0, 2.1972245773362196]]],
      options: { temperature: 2 },
      loss: 0.5232481437645479,
    },
  ],
});
