import { sigmoid, softplus } from "../cpu/functions.js";
import { elementwise } from "../families/elementwise.js";

type Variant = "sigmoid" | "conservative" | "robust" | "hinge";

/** Value and slope by x = beta h, by which a pair of answers is judged. */
function judge(x: number, variant: Variant, e: number): readonly [value: number, slope: number] {
  const [win, lose] = [softplus(-x), softplus(x)];
  const [winSlope, loseSlope] = [-sigmoid(-x), sigmoid(x)];
  switch (variant) {
    case "sigmoid":
      return [win, winSlope];
    case "conservative":
      return [(1 - e) * win + e * lose, (1 - e) * winSlope + e * loseSlope];
    case "robust":
      return [
        ((1 - e) * win - e * lose) / (1 - 2 * e),
        ((1 - e) * winSlope - e * loseSlope) / (1 - 2 * e),
      ];
    case "hinge":
      return x < 1 ? [1 - x, -1] : [0, 0];
  }
}

/**
 * Direct preference optimisation: raises the chosen answer over the rejected one, measured against a reference model.
 * @example
 * const { loss } = await dpo([-2, -1], [-3, -0.5], [-2.5, -1.2], [-2.6, -0.8], { beta: 0.1 });
 */
export const dpo = /* @__PURE__ */ elementwise({
  name: "dpo",
  aka: ["direct preference optimisation", "IPO", "cDPO", "robust DPO", "SLiC hinge"],
  summary:
    "Direct preference optimisation: raises the chosen answer over the rejected one, measured against a reference model.",
  formula: String.raw`-\log \sigma(\beta h), \quad h = \log\frac{\pi(y_w)}{\pi_\text{ref}(y_w)} - \log\frac{\pi(y_l)}{\pi_\text{ref}(y_l)}`,
  reference: "Rafailov et al. 2023, arXiv:2305.18290; IPO: Azar et al. 2023, arXiv:2310.12036",
  inputs: {
    policyChosen: "wrt",
    policyRejected: "wrt",
    referenceChosen: "wrt",
    referenceRejected: "wrt",
  },
  options: {
    beta: { default: 0.1, above: 0, doc: "How strongly the policy is held to the reference." },
    variant: {
      default: "sigmoid",
      values: ["sigmoid", "conservative", "robust", "hinge", "ipo"],
      doc: "What the log-ratio is judged by.",
    },
    labelSmoothing: {
      default: 0,
      min: 0,
      below: 0.5,
      doc: "Share of wrong preferences that conservative and robust reckon with.",
    },
  },
  cpu(chosen, rejected, referenceChosen, referenceRejected, { beta, variant, labelSmoothing }) {
    const h = chosen - referenceChosen - (rejected - referenceRejected);
    if (variant === "ipo") {
      const gap = h - 0.5 / beta;
      return [gap * gap, 2 * gap, -2 * gap, -2 * gap, 2 * gap];
    }
    const [value, slope] = judge(beta * h, variant, labelSmoothing);
    const step = beta * slope;
    return [value, step, -step, -step, step];
  },
  wgsl: /* wgsl */ `
    fn loss(chosen: f32, rejected: f32, referenceChosen: f32, referenceRejected: f32) -> Dual4 {
      let h = (chosen - referenceChosen) - (rejected - referenceRejected);
      let x = params.beta * h;
      let e = params.labelSmoothing;
      var value = softplus(-x);
      var slope = -sigmoid(-x);
      if (VARIANT == 1u) {
        value = (1.0 - e) * value + e * softplus(x);
        slope = (1.0 - e) * slope + e * sigmoid(x);
      } else if (VARIANT == 2u) {
        value = ((1.0 - e) * value - e * softplus(x)) / (1.0 - 2.0 * e);
        slope = ((1.0 - e) * slope - e * sigmoid(x)) / (1.0 - 2.0 * e);
      } else if (VARIANT == 3u) {
        value = max(1.0 - x, 0.0);
        slope = select(0.0, -1.0, x < 1.0);
      } else if (VARIANT == 4u) {
        let gap = h - 0.5 / params.beta;
        return Dual4(gap * gap, 2.0 * gap * vec4f(1.0, -1.0, -1.0, 1.0));
      }
      return Dual4(value, params.beta * slope * vec4f(1.0, -1.0, -1.0, 1.0));
    }`,
  limits: ["policyChosen", "policyRejected", "referenceChosen", "referenceRejected"],
  cases: [
    {
      args: [
        [-2, -1],
        [-3, -0.5],
        [-2.5, -1.2],
        [-2.6, -0.8],
      ],
      options: { beta: 0.1 },
      loss: 0.673659509767,
    },
  ],
});
