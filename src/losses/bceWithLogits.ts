import { sigmoid, softplus, weighted } from "../cpu/functions.js";
import { elementwise } from "../families/elementwise.js";
import { checkLogits, warnIfProbabilities } from "../warn.js";

/**
 * Binary cross-entropy of logits against targets in [0, 1], exact at any logit, infinite ones included.
 * @example
 * const { loss } = await bceWithLogits([2, -1], [1, 0], { posWeight: 4 });
 */
export const bceWithLogits = /* @__PURE__ */ elementwise({
  name: "bceWithLogits",
  aka: ["sigmoid cross-entropy", "multi-label loss", "F.binary_cross_entropy_with_logits"],
  summary:
    "Binary cross-entropy of logits against targets in [0, 1], exact at any logit, infinite ones included.",
  formula: String.raw`w\left(q\, y \log(1 + e^{-z}) + (1 - y) \log(1 + e^z)\right)`,
  reference: "Goodfellow, Bengio, Courville 2016, Deep Learning, section 6.2.2.2",
  inputs: { logits: "wrt", targets: "wrt" },
  options: {
    weight: {
      tensor: "(…) or (classes)",
      default: 1,
      role: "data",
      doc: "A factor per element or per class; never in the mean's denominator.",
    },
    posWeight: {
      tensor: "(…) or (classes)",
      default: 1,
      role: "data",
      doc: "A factor on the positive part, against imbalance.",
    },
    labelSmoothing: {
      default: 0,
      min: 0,
      max: 1,
      doc: "Moves targets towards one half: y(1 - e) + e/2.",
    },
    checkLogits,
  },
  check: (request) =>
    warnIfProbabilities(request, "logits", "give what comes before the sigmoid, or use bce"),
  cpu(z, target, weight, posWeight, { labelSmoothing: e }) {
    const y = target * (1 - e) + e / 2;
    const yes = posWeight * y;
    const value = weighted(yes, softplus(-z)) + weighted(1 - y, softplus(z));
    const slope = (1 - y) * sigmoid(z) - yes * sigmoid(-z);
    // softplus(-z) = softplus(z) - z, so that nothing cancels where posWeight is 1.
    const targetSlope = weighted(posWeight - 1, softplus(-z)) - z;
    return [weighted(weight, value), weight * slope, weighted(weight, (1 - e) * targetSlope)];
  },
  wgsl: /* wgsl */ `
    fn loss(z: f32, label: f32, weight: f32, posWeight: f32) -> Dual2 {
      let y = label * (1.0 - params.labelSmoothing) + 0.5 * params.labelSmoothing;
      let at = logistic(z);
      let yes = weight * posWeight * y;
      let no = weight * (1.0 - y);
      let turn = weight * (1.0 - params.labelSmoothing);
      let labelSlope = turn * (posWeight - 1.0) * at.down - turn * z;
      return Dual2(yes * at.down + no * at.up, vec2f(no * at.p - yes * at.miss, labelSlope));
    }`,
  limits: ["logits"],
  cases: [
    {
      args: [
        [-8, -1, 0, 1, 8],
        [0, 0, 1, 1, 1],
      ],
      loss: 0.264068273668,
    },
    {
      args: [
        [-2, -1, 0.5, 1, 2],
        [0, 0, 0, 1, 1],
      ],
      options: { posWeight: 4 },
      loss: 0.635005095397,
    },
  ],
});
