import { row } from "../families/row.js";

/**
 * Kullback-Leibler divergence between two distributions, given as log-probabilities, probabilities or logits.
 * @example
 * const { loss } = await klDivergence([[1, 0, -1]], [[0.5, 0.25, 0.25]], { inputForm: "logits" });
 */
export const klDivergence = /* @__PURE__ */ row({
  name: "klDivergence",
  aka: ["relative entropy", "F.kl_div"],
  summary:
    "Kullback-Leibler divergence between two distributions, given as log-probabilities, probabilities or logits.",
  formula: String.raw`\sum_c p_c (\log p_c - \log q_c)`,
  reference: "Kullback, Leibler 1951, doi:10.1214/aoms/1177729694",
  inputs: { inputs: "wrt", targets: "asked" },
  options: {
    inputForm: {
      default: "logProbs",
      values: ["logits", "logProbs", "probs"],
      doc: "What `inputs` holds.",
    },
    targetForm: {
      default: "probs",
      values: ["logits", "logProbs", "probs"],
      doc: "What `targets` holds.",
    },
    direction: {
      default: "forward",
      values: ["forward", "reverse"],
      doc: "forward is KL(targets || inputs), reverse is KL(inputs || targets).",
    },
    unit: { default: "nats", values: ["nats", "bits"], doc: "Natural logarithms, or base 2." },
  },
  forms: ({ inputForm, targetForm }) => [inputForm, targetForm],
  slopesBy: ({ direction }) =>
    direction === "reverse" ? ["probability", "log"] : ["log", "probability"],
  cell(p, logP, q, logQ, ratio, { direction, unit, inputForm, targetForm }) {
    const scale = unit === "bits" ? Math.LOG2E : 1;
    const isReverse = direction === "reverse";
    const lead = isReverse ? p : q;
    // 0 log 0 is 0: where the leading distribution has no mass, the other is free.
    if ((isReverse ? logP : logQ) === Number.NEGATIVE_INFINITY) return [0, 0, 0];
    const excess = isReverse ? ratio : -ratio;
    // A softmax takes the constant away again; without it nothing has to cancel.
    const one = (isReverse ? inputForm : targetForm) === "logits" ? 0 : 1;
    const own = scale * (excess + one);
    const other = -scale * lead;
    const value = Number.isFinite(excess) ? scale * lead * excess : excess;
    return isReverse ? [value, own, other] : [value, other, own];
  },
  wgsl: /* wgsl */ `
fn divergence(lead: f32, logLead: f32, other: f32, logOther: f32, excess: f32, leadForm: u32) -> Cell {
  let scale = select(1.0, LOG2E, UNIT == 1u);
  let one = select(1.0, 0.0, leadForm == LOGITS);
  var value = lead * excess;
  if (INPUT_FORM == LOGITS && TARGET_FORM == LOGITS) {
    // Two softmaxes sum to the same: with their difference every cell is at least 0, and an error of
    // the logarithms, where the distributions are nearly equal, counts only by its square.
    value = select(value + (other - lead), lead * expm1Less(-excess), abs(excess) < 1.0);
  }
  if (isGone(logLead)) {
    return Cell(select(0.0, scale * other, INPUT_FORM == LOGITS && TARGET_FORM == LOGITS), 0.0, 0.0);
  }
  let isLost = isGone(logOther);
  let own = select(scale * (excess + one), INFINITE, isLost);
  // A share too small for f32 is still more than none.
  let share = select(lead, max(lead, 1.2e-38), isLost);
  return Cell(select(scale * value, INFINITE, isLost), own, -scale * share);
}

fn cell(p: f32, logP: f32, q: f32, logQ: f32, ratio: f32) -> Cell {
  if (DIRECTION == 1u) {
    return divergence(p, logP, q, logQ, ratio, INPUT_FORM);
  }
  let c = divergence(q, logQ, p, logP, -ratio, TARGET_FORM);
  return Cell(c.value, c.slopeAgainst, c.slope);
}`,
  cases: [
    { args: [[[-Math.LN2, -Math.LN2]], [[1, 0]]], loss: Math.LN2 },
    {
      args: [[[0, 0]], [[0.25, 0.75]]],
      options: { inputForm: "logits", unit: "bits" },
      loss: 0.18872187554086717,
    },
    {
      args: [[[0.5, 0.5]], [[0.25, 0.75]]],
      options: { inputForm: "probs", direction: "reverse" },
      loss: 0.14384103622589045,
    },
  ],
});
