import { row } from "../families/row.js";

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
  },
  forms: () => ["logits", "logits"],
  cell(q, logQ, p, logP, { beta }) {
    const rest = 1 - beta;
    if (q === 0 || p === 0) {
      const own = q === 0 ? 0 : -rest * q * Math.log(rest);
      const other = p === 0 ? 0 : -beta * p * Math.log(beta);
      return [own + other, own, other];
    }
    const lead = logQ - logP;
    const [overP, overQ] = overMixture(lead, beta);
    const own = rest * q * overQ;
    const other = beta * p * overP;
    return [own + other, own, other];
  },
  wgsl: /* wgsl */ `
fn cell(q: f32, logQ: f32, p: f32, logP: f32) -> Cell {
  let rest = 1.0 - params.beta;
  if (q == 0.0 || p == 0.0) {
    let own = -rest * q * logSafe(rest);
    let other = -params.beta * p * logSafe(params.beta);
    return Cell(own + other, own, other);
  }
  let lead = logQ - logP;
  let share = select(rest, params.beta, lead > 0.0);
  // log(1 + share (e^-|lead| - 1)): exact for nearly equal distributions, and never an overflow.
  let low = -log1pSigned(share * expm1(-abs(lead)));
  let high = low + abs(lead);
  let own = rest * q * select(low - abs(lead), low, lead > 0.0);
  let other = params.beta * p * select(low, low - abs(lead), lead > 0.0);
  return Cell(own + other, own, other);
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
