import { elementwise } from "../families/elementwise.js";
import { expectWithin } from "../families/operands.js";

/** A logarithm that no single certainty can make infinite; the floor is PyTorch's. */
const log = (x: number): number => Math.max(Math.log(x), -100);
const log1p = (x: number): number => Math.max(Math.log1p(x), -100);

/**
 * Cross-entropy of probabilities of one class against targets in [0, 1]. From logits, use `bceWithLogits`.
 * @example
 * const { loss } = await bce([0.9, 0.2], [1, 0]);
 */
export const bce = /* @__PURE__ */ elementwise({
  name: "bce",
  aka: ["binary cross-entropy", "log loss", "F.binary_cross_entropy"],
  summary:
    "Cross-entropy of probabilities of one class against targets in [0, 1]. From logits, use `bceWithLogits`.",
  formula: String.raw`-w\left(y \log p + (1 - y) \log(1 - p)\right), \quad \log \ge -100`,
  reference: "Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x",
  inputs: { probabilities: "wrt", targets: "wrt" },
  options: {
    weight: {
      tensor: "(…) or (classes)",
      default: 1,
      role: "data",
      doc: "A factor per element or per class; never in the mean's denominator.",
    },
  },
  check(request, arrangement) {
    for (const name of ["probabilities", "targets"]) expectWithin(request, arrangement, name, 0, 1);
  },
  cpu(p, y, weight) {
    if (!(p >= 0 && p <= 1)) return [Number.NaN, Number.NaN, Number.NaN];
    const yes = log(p);
    const no = log1p(-p);
    const slope = (p - y) / Math.max(p * (1 - p), 1e-12);
    return [-weight * (y * yes + (1 - y) * no), weight * slope, weight * (no - yes)];
  },
  wgsl: /* wgsl */ `
    fn loss(p: f32, y: f32, weight: f32) -> Dual2 {
      if (p < 0.0 || p > 1.0) {
        return Dual2(notANumber(), vec2f(notANumber()));
      }
      let yes = select(-100.0, max(logSafe(p), -100.0), p > 0.0);
      let no = select(-100.0, max(log1pSafe(-p), -100.0), p < 1.0);
      let slope = (p - y) / max(p * (1.0 - p), 1e-12);
      return Dual2(-weight * (y * yes + (1.0 - y) * no), weight * vec2f(slope, no - yes));
    }`,
  cases: [
    {
      args: [
        [0.9, 0.1],
        [1, 0],
      ],
      loss: 0.105360515658,
    },
  ],
});
