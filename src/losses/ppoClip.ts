import { elementwise } from "../families/elementwise.js";

/**
 * Clipped surrogate objective of proximal policy optimisation, to be minimised.
 * @example
 * const { loss } = await ppoClip([-1], [-1.5], [2], { clipLow: 0.2, clipHigh: 0.2 });
 */
export const ppoClip = /* @__PURE__ */ elementwise({
  name: "ppoClip",
  aka: ["PPO", "clipped policy gradient"],
  summary: "Clipped surrogate objective of proximal policy optimisation, to be minimised.",
  formula: String.raw`-\min\left(\rho A,\, \operatorname{clip}(\rho, 1 - \epsilon, 1 + \epsilon') A\right), \quad \rho = e^{\log \pi - \log \pi_\text{old}}`,
  reference: "Schulman et al. 2017, arXiv:1707.06347",
  inputs: { logProbs: "wrt", oldLogProbs: "wrt", advantages: "wrt" },
  options: {
    clipLow: { default: 0.2, min: 0, max: 1, doc: "How far the ratio may fall below 1." },
    clipHigh: { default: 0.2, min: 0, doc: "How far the ratio may rise above 1." },
  },
  cpu(logProb, oldLogProb, advantage, { clipLow, clipHigh }) {
    const ratio = Math.exp(logProb - oldLogProb);
    const clipped = Math.min(Math.max(ratio, 1 - clipLow), 1 + clipHigh);
    if (ratio * advantage <= clipped * advantage) {
      const value = -ratio * advantage;
      return [value, value, -value, -ratio];
    }
    return [-clipped * advantage, 0, 0, -clipped];
  },
  wgsl: /* wgsl */ `
    fn loss(logProb: f32, oldLogProb: f32, advantage: f32) -> Dual3 {
      let ratio = expWide(logProb - oldLogProb);
      let clipped = clamp(ratio, 1.0 - params.clipLow, 1.0 + params.clipHigh);
      if (ratio * advantage <= clipped * advantage) {
        let value = -ratio * advantage;
        return Dual3(value, vec3f(value, -value, -ratio));
      }
      return Dual3(-clipped * advantage, vec3f(0.0, 0.0, -clipped));
    }`,
  kinks: ({ clipLow = 0.2, clipHigh = 0.2 }) => [Math.log(1 - clipLow), Math.log(1 + clipHigh)],
  cases: [
    {
      args: [
        [-1, 0],
        [-1, -1],
        [2, 1],
      ],
      options: { reduction: "none" },
      loss: [-2, -1.2],
    },
  ],
});
