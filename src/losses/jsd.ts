import { row } from "../families/row.js";
import { checkLogits } from "../warn.js";

/**
 * Jensen-Shannon divergence of two softmaxes from their mixture, generalised by `beta`.
 * @example
 * const { loss } = await jsd([[2, 1, 0]], [[0, 1, 2]], { beta: 0.5 });
 */
export const jsd = /* @__PURE__ */ row({
  name: "jsd",
  aka: ["Jensen-Shannon divergence", "generalised JSD", "GKD"],
  summary: "Jensen-Shannon divergence of two softmaxes from their mixture, generalised by `beta`.",
  formula: String.raw`\beta\,\mathrm{KL}(P \| M) + (1-\beta)\,\mathrm{KL}(Q \| M), \quad M = \beta P + (1-\beta) Q`,
  reference: "Lin 1991, doi:10.1109/18.61115; Agarwal et al. 2023, arXiv:2306.13649",
  inputs: { logits: "wrt", targetLogits: "asked" },
  options: {
    beta: {
      default: 0.5,
      above: 0,
      below: 1,
      doc: "The share of the target distribution P in the mixture.",
    },
    checkLogits,
  },
  forms: () => ["logits", "logits"],
  slopesBy: () => ["probability", "probability"],
  cell(q, _logQ, p, _logP, lead, { beta }) {
    const rest = 1 - beta;
    // Where one of the two has no mass, the mixture is a share of the other.
    const [overP, overQ] =
      q === 0 || p === 0 ? [-Math.log(beta), -Math.log(rest)] : overMixture(lead, beta);
    return [beta * p * overP + rest * q * overQ, rest * overQ, beta * overP];
  },
  wgsl: /* wgsl */ `
fn cell(q: f32, logQ: f32, p: f32, logP: f32, lead: f32) -> Cell {
  let beta = params.beta;
  let rest = 1.0 - beta;
  // log(1 + share (e^-|lead| - 1)): exact for nearly equal distributions, and never an overflow.
  let share = select(rest, beta, lead > 0.0);
  let near = -log1pSafe(share * expm1(-abs(lead)));
  var overP = select(near, near - abs(lead), lead > 0.0);
  var overQ = select(near - abs(lead), near, lead > 0.0);
  // Where one of the two has no mass, the mixture is a share of the other.
  if (q == 0.0 || p == 0.0) {
    overP = -logSafe(beta);
    overQ = -logSafe(rest);
  }
  return Cell(beta * p * overP + rest * q * overQ, rest * overQ, beta * overP);
}`,
  cases: [
    { args: [[[0, 0]], [[0, 1.0986122886681098]]], loss: 0.03382207556860525 },
    { args: [[[100, 0]], [[0, 100]]], options: { beta: 0.25 }, loss: 0.5623351446188083 },
  ],
});

/** log(P/M) and log(Q/M) from log(Q/P), without overflow and exact where the two are nearly equal. */
function overMixture(lead: number, beta: number): readonly [number, number] {
  if (lead <= 0) {
    const overP = -Math.log1p((1 - beta) * Math.expm1(lead));
    return [overP, overP + lead];
  }
  const overQ = -Math.log1p(beta * Math.expm1(-lead));
  return [overQ - lead, overQ];
}
