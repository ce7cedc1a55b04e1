import { elementwise } from "../families/elementwise.js";
import { kink } from "../families/kink.js";

/**
 * A distance where the label is 1, what it lacks to the margin where the label is -1.
 * @example
 * const { loss } = await hingeEmbedding([0.2, 0.7], [1, -1]);
 */
export const hingeEmbedding = /* @__PURE__ */ elementwise({
  name: "hingeEmbedding",
  aka: ["F.hinge_embedding_loss"],
  summary: "A distance where the label is 1, what it lacks to the margin where the label is -1.",
  formula: String.raw`d \;\text{if}\; y = 1, \quad \max(0,\, m - d) \;\text{if}\; y = -1`,
  reference: "Hadsell, Chopra, LeCun 2006, doi:10.1109/CVPR.2006.100",
  inputs: { distances: "wrt", targets: "data" },
  options: { margin: { default: 1, doc: "How far apart is far enough." }, kink },
  // A label that is neither 1 nor -1 takes both parts, as in PyTorch.
  cpu(distance, y, { margin, kink }) {
    const gap = margin - distance;
    const pushes = y !== 1 && (kink === "torch" ? gap >= 0 : gap > 0);
    const [near, far] = [y === -1 ? 0 : distance, pushes ? gap : 0];
    return [near + far, (y === -1 ? 0 : 1) - (pushes ? 1 : 0)];
  },
  wgsl: /* wgsl */ `
    fn loss(distance: f32, y: f32) -> Dual {
      let gap = params.margin - distance;
      let pushes = y != 1.0 && (gap > 0.0 || (KINK == 1u && gap == 0.0));
      let near = select(distance, 0.0, y == -1.0);
      let slope = select(1.0, 0.0, y == -1.0) - select(0.0, 1.0, pushes);
      return Dual(near + select(0.0, gap, pushes), slope);
    }`,
  kinks: ({ margin = 1 }) => [margin],
  limits: ["distances"],
  cases: [
    {
      args: [
        [0.25, 0.25, 2],
        [1, -1, -1],
      ],
      options: { reduction: "none" },
      loss: [0.25, 0.75, 0],
    },
  ],
});
