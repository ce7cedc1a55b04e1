import { sigmoid, softplus, weighted } from "../cpu/functions.js";
import { elementwise } from "../families/elementwise.js";
import { checkLogits, warnIfProbabilities } from "../warn.js";

/**
 * Binary cross-entropy of logits in which what is already well classified counts little.
 * @example
 * const { loss } = await sigmoidFocal([2, -1], [1, 0], { alpha: 0.25, gamma: 2 });
 */
export const sigmoidFocal = /* @__PURE__ */ elementwise({
  name: "sigmoidFocal",
  aka: ["focal loss", "RetinaNet loss", "torchvision.ops.sigmoid_focal_loss"],
  summary: "Binary cross-entropy of logits in which what is already well classified counts little.",
  formula: String.raw`-\alpha\, y\, (1 - p)^\gamma \log p - (1 - \alpha)(1 - y)\, p^\gamma \log(1 - p), \quad p = \sigma(z)`,
  reference: "Lin et al. 2017, arXiv:1708.02002",
  inputs: { logits: "wrt", targets: "wrt" },
  options: {
    alpha: {
      tensor: "(…) or (classes)",
      default: 0.25,
      min: 0,
      max: 1,
      nullable: true,
      role: "data",
      doc: "Share of the positives, of the negatives 1 - alpha; null leaves both at 1.",
    },
    gamma: { default: 2, min: 0, doc: "How fast easy elements fade; 0 is plain cross-entropy." },
    checkLogits,
  },
  check: (request) => warnIfProbabilities(request, "logits", "give what comes before the sigmoid"),
  cpu(z, y, alpha, { gamma }) {
    const [p, miss] = [sigmoid(z), sigmoid(-z)];
    const [up, down] = [softplus(z), softplus(-z)];
    const balanced = alpha === null;
    // (1 - p)^gamma and p^gamma from the softplus: exact where p is 0 or 1, for any gamma.
    const easyNo = (balanced ? 1 : alpha) * Math.exp(weighted(-gamma, up));
    const easyYes = (balanced ? 1 : 1 - alpha) * Math.exp(weighted(-gamma, down));
    const one = weighted(easyNo, down);
    const zero = weighted(easyYes, up);
    const oneSlope = easyNo * (weighted(-gamma * p, down) - miss);
    const zeroSlope = easyYes * (weighted(gamma * miss, up) + p);
    return [
      weighted(y, one) + weighted(1 - y, zero),
      y * oneSlope + (1 - y) * zeroSlope,
      one - zero,
    ];
  },
  wgsl: /* wgsl */ `
    fn loss(z: f32, y: f32, alpha: f32) -> Dual2 {
      let at = logistic(z);
      let easyNo = select(1.0, alpha, ALPHA) * expGuarded(-params.gamma * at.up);
      let easyYes = select(1.0, 1.0 - alpha, ALPHA) * expGuarded(-params.gamma * at.down);
      let one = easyNo * at.down;
      let zero = easyYes * at.up;
      let oneSlope = -easyNo * (params.gamma * at.p * at.down + at.miss);
      let zeroSlope = easyYes * (params.gamma * at.miss * at.up + at.p);
      return Dual2(y * one + (1.0 - y) * zero,
        vec2f(y * oneSlope + (1.0 - y) * zeroSlope, one - zero));
    }`,
  limits: ["logits"],
  cases: [
    {
      args: [
        [0, 0],
        [1, 0],
      ],
      options: { alpha: null },
      loss: 0.173286795139986,
    },
  ],
});
