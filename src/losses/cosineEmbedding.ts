import { rowPairs } from "../families/rowPairs.js";

/**
 * Cosine loss on pairs labelled 1 (alike: 1 less the cosine) or -1 (different: the cosine beyond a margin).
 * @example
 * const { loss } = await cosineEmbedding([[1, 0]], [[1, 1]], [1]);
 */
export const cosineEmbedding = /* @__PURE__ */ rowPairs({
  name: "cosineEmbedding",
  aka: ["cosine embedding loss", "F.cosine_embedding_loss"],
  summary:
    "Cosine loss on pairs labelled 1 (alike: 1 less the cosine) or -1 (different: the cosine beyond a margin).",
  formula: String.raw`1 - \cos(a, b) \;\text{if}\; y = 1, \quad \max(0, \cos(a, b) - m) \;\text{if}\; y = -1`,
  reference: "PyTorch, torch.nn.CosineEmbeddingLoss",
  inputs: { a: "wrt", b: "wrt", targets: "data" },
  shapes: { a: "(…, depth)", b: "(…, depth)", targets: "(…)" },
  options: {
    margin: { default: 0, min: -1, max: 1, doc: "The cosine that different ones may have." },
  },
  cases: [
    {
      args: [
        [
          [1, 0],
          [1, 0],
        ],
        [
          [0, 2],
          [3, 0],
        ],
        [1, -1],
      ],
      loss: 1,
    },
  ],
  compare: () => ({ pairs: [["a", "b"]], measure: "cosine" }),
  judge([distance = 0], label, { margin = 0 }) {
    if (label === 1) return { value: distance, slopes: [1] };
    const hinge = 1 - distance - margin;
    if (label !== -1 || hinge <= 0) return { value: 0, slopes: [0] };
    return { value: hinge, slopes: [-1] };
  },
  wgsl: /* wgsl */ `
    fn judge(distances: vec3f, label: f32) -> Verdict {
      if (label == 1.0) {
        return Verdict(distances.x, vec3f(1.0, 0.0, 0.0));
      }
      let hinge = 1.0 - distances.x - params.margin;
      if (label != -1.0 || hinge <= 0.0) {
        return Verdict(0.0, vec3f(0.0));
      }
      return Verdict(hinge, vec3f(-1.0, 0.0, 0.0));
    }`,
});
