import { fail } from "../errors.js";
import { elementwise } from "../families/elementwise.js";

/**
 * Pinball loss, least at the tau-quantile of the targets; with a list of tau, one prediction for each.
 * @example
 * const { loss } = await quantile([[8, 10, 12]], [11], { tau: [0.1, 0.5, 0.9] });
 */
export const quantile = /* @__PURE__ */ elementwise({
  name: "quantile",
  aka: ["pinball loss"],
  summary:
    "Pinball loss, least at the tau-quantile of the targets; with a list of tau, one prediction for each.",
  formula: String.raw`\max\left(\tau u,\, (\tau - 1) u\right), \quad u = y - \hat y`,
  reference: "Koenker, Bassett 1978, doi:10.2307/1913643",
  inputs: { predictions: "wrt", targets: "wrt" },
  options: {
    tau: {
      tensor: "(quantiles)",
      default: 0.5,
      min: 0,
      max: 1,
      role: "data",
      doc: "Which quantile; a list asks for predictions of shape (…, quantiles) and targets of shape (…).",
    },
  },
  stretch(request) {
    const tau = request.tensors.tau;
    if (!tau) return {};
    const targets = request.get("targets");
    const shape = targets.shape ?? [targets.size];
    const full = [...shape, tau.size];
    request.expectShape("predictions", full, `(targets' shape, then one of ${tau.size} tau)`);
    return { predictions: full, targets: [...shape, 1] };
  },
  check(request) {
    const wrong =
      request.tensors.tau?.host &&
      request
        .get("tau")
        .values()
        .find((t) => !(t >= 0 && t <= 1));
    if (wrong !== undefined) {
      fail("OPTION", `quantile: tau must be at least 0 and at most 1; got ${wrong}`);
    }
  },
  cpu(prediction, label, tau) {
    const u = label - prediction;
    const slope = u > 0 ? tau : u < 0 ? tau - 1 : 0;
    return [u === 0 ? 0 : slope * u, -slope, slope];
  },
  wgsl: /* wgsl */ `
    fn loss(prediction: f32, label: f32, tau: f32) -> Dual2 {
      let u = label - prediction;
      let slope = select(select(0.0, tau - 1.0, u < 0.0), tau, u > 0.0);
      return Dual2(slope * u, vec2f(-slope, slope));
    }`,
  kinks: () => [0],
  limits: ["predictions", "targets"],
  cases: [
    {
      args: [
        [0, 0],
        [10, -10],
      ],
      options: { tau: 0.9, reduction: "none" },
      loss: [9, 1],
    },
    {
      args: [[[0, 0, 0]], [5]],
      options: { tau: [0.1, 0.5, 0.9], reduction: "none" },
      loss: [0.5, 2.5, 4.5],
    },
  ],
});
