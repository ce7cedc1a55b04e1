import { pairwise } from "../families/pairwise.js";

/**
 * Sigmoid loss over all image-text pairs: each is told from the others alone, with learned scale and bias.
 * @example
 * const { loss } = await sigLIP([[1, 0], [0, 1]], [[2, 0], [1, 1]], { scale: 10, bias: -10 });
 */
export const sigLIP = /* @__PURE__ */ pairwise({
  name: "sigLIP",
  aka: ["SigLIP", "pairwise sigmoid loss"],
  summary:
    "Sigmoid loss over all image-text pairs: each is told from the others alone, with learned scale and bias.",
  formula: String.raw`\textstyle\sum_j \log\left(1 + e^{-y_{ij} s_{ij}}\right), \quad s = t\, \hat a \hat b^\top + c, \quad y_{ij} = \pm 1`,
  reference: "Zhai et al. 2023, arXiv:2303.15343",
  inputs: { images: "wrt", texts: "wrt" },
  shapes: { images: "(N, depth)", texts: "(N, depth)" },
  options: {
    scale: {
      tensor: "one number",
      default: 10,
      role: "wrt",
      doc: "Multiplies the similarities; as a tensor it can have a gradient.",
    },
    bias: {
      tensor: "one number",
      default: -10,
      role: "wrt",
      doc: "Added to the scaled similarities; as a tensor it can have a gradient.",
    },
  },
  cases: [{ args: [[[1, 0]], [[0, 1]]], options: { bias: 0 }, loss: Math.LN2 }],
  arrange: () => ({
    left: ["images"],
    right: ["texts"],
    metric: "cosine",
    scale: "scale",
    bias: "bias",
    positives: "diagonal",
    skipSelf: false,
    skipPositive: false,
    symmetric: false,
  }),
  pair: (score, isPositive) => {
    const x = isPositive ? -score : score;
    const t = Math.exp(-Math.abs(x));
    const slope = (x < 0 ? t : 1) / (1 + t);
    return [Math.max(x, 0) + Math.log1p(t), isPositive ? -slope : slope];
  },
  wgsl: /* wgsl */ `
    fn pair(score: f32, isPositive: bool) -> Dual {
      let x = select(score, -score, isPositive);
      let slope = sigmoid(x);
      return Dual(softplus(x), select(slope, -slope, isPositive));
    }`,
});
