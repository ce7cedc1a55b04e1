import { kinkOption, rowPairs } from "../families/rowPairs.js";

/**
 * Hinge that keeps each anchor closer to its positive than to its negative, by a margin.
 * @example
 * const { loss } = await triplet([[0, 0]], [[1, 0]], [[0, 1.5]], { margin: 1 });
 */
export const triplet = /* @__PURE__ */ rowPairs({
  name: "triplet",
  aka: ["triplet margin loss", "F.triplet_margin_loss"],
  summary: "Hinge that keeps each anchor closer to its positive than to its negative, by a margin.",
  formula: String.raw`\max(0, d(a, p) - d(a, n) + m)`,
  reference: "Schroff, Kalenichenko, Philbin 2015, arXiv:1503.03832",
  inputs: { anchors: "wrt", positives: "wrt", negatives: "wrt" },
  shapes: { anchors: "(…, depth)", positives: "(…, depth)", negatives: "(…, depth)" },
  options: {
    margin: { default: 1, above: 0, doc: "How much farther the negative should be." },
    distance: {
      default: "l2",
      values: ["l2", "squared", "p", "cosine"],
      doc: "Euclidean, its square, the p-norm, or 1 less the cosine.",
    },
    p: {
      default: 2,
      min: 1,
      infinite: true,
      fixed: "always",
      doc: 'The norm of distance "p"; may be Infinity.',
    },
    swap: { default: false, doc: "Measures the negative from the positive where that is nearer." },
    eps: {
      default: 0,
      min: 0,
      fixed: "always",
      doc: "Added to every difference under a norm; PyTorch has 1e-6.",
    },
    kink: kinkOption,
  },
  cases: [
    {
      args: [[[0, 0]], [[0.5, 0.2]], [[1.5, 1]]],
      options: { margin: 0.5, distance: "squared" },
      loss: 0,
    },
    { args: [[[0, 0]], [[3, 4]], [[0, 2]]], loss: 4 },
  ],
  compare(request) {
    const near = [
      ["anchors", "positives"],
      ["anchors", "negatives"],
    ] as const;
    return {
      pairs: request.choices.swap ? [...near, ["positives", "negatives"]] : near,
      measure: request.choices.distance as "l2",
    };
  },
  judge([positive = 0, negative = 0, swapped], _label, { margin = 1 }, { kink }) {
    const far = swapped === undefined ? negative : Math.min(negative, swapped);
    const hinge = positive - far + margin;
    const active = hinge > 0 || (kink === "torch" && hinge === 0);
    if (!active) return { value: hinge <= 0 ? 0 : hinge, slopes: [0, 0, 0] };
    if (swapped === undefined) return { value: hinge, slopes: [1, -1] };
    // A tie is shared evenly, as in PyTorch.
    const own = negative < swapped ? 1 : negative > swapped ? 0 : 0.5;
    return { value: hinge, slopes: [1, -own, own - 1] };
  },
  wgsl: /* wgsl */ `
    fn judge(distances: vec3f, label: f32) -> Verdict {
      let far = select(distances.y, min(distances.y, distances.z), SWAPPED);
      let hinge = distances.x - far + params.margin;
      if (hinge < 0.0 || (hinge == 0.0 && !ACTIVE_AT_KINK)) {
        return Verdict(0.0, vec3f(0.0));
      }
      var own = 1.0;
      if (SWAPPED) {
        own = select(select(0.5, 0.0, distances.y > distances.z), 1.0, distances.y < distances.z);
      }
      return Verdict(hinge, vec3f(1.0, -own, own - 1.0));
    }`,
});
