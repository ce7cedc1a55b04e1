import { elementwise } from "../families/elementwise.js";

/**
 * Squared error of a value estimate that is kept near the old estimate: the larger of the two counts.
 * @example
 * const { loss } = await valueClip([1], [0], [2], { clip: 0.2 });
 */
export const valueClip = /* @__PURE__ */ elementwise({
  name: "valueClip",
  aka: ["PPO value loss"],
  summary:
    "Squared error of a value estimate that is kept near the old estimate: the larger of the two counts.",
  formula: String.raw`\tfrac12 \max\left((V - R)^2,\, (V_\text{old} + \operatorname{clip}(V - V_\text{old}, \pm\epsilon) - R)^2\right)`,
  reference: "Schulman et al. 2015, arXiv:1506.02438; Engstrom et al. 2020, arXiv:2005.12729",
  inputs: { values: "wrt", oldValues: "wrt", returns: "wrt" },
  options: { clip: { default: 0.2, min: 0, doc: "How far the value may move from the old one." } },
  cpu(value, oldValue, goal, { clip }) {
    const step = value - oldValue;
    const free = value - goal;
    // Within the clip both are the same number, but old + (value - old) may round away from it.
    const held = Math.abs(step) <= clip ? free : oldValue + Math.sign(step) * clip - goal;
    if (Math.abs(free) >= Math.abs(held)) return [0.5 * free * free, free, 0, -free];
    return [0.5 * held * held, 0, held, -held];
  },
  wgsl: /* wgsl */ `
    fn loss(value: f32, oldValue: f32, goal: f32) -> Dual3 {
      let step = value - oldValue;
      let free = value - goal;
      // Within the clip both are the same number, but old + (value - old) may round away from it.
      let held = select(oldValue + clamp(step, -params.clip, params.clip) - goal, free,
        abs(step) <= params.clip);
      if (abs(free) >= abs(held)) {
        return Dual3(0.5 * free * free, vec3f(free, 0.0, -free));
      }
      return Dual3(0.5 * held * held, vec3f(0.0, held, -held));
    }`,
  kinks: ({ clip = 0.2 }) => [-clip, clip],
  cases: [{ args: [[1], [0], [2]], loss: 1.62 }],
});
