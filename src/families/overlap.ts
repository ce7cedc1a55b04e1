import type { FunctionOf } from "../define.js";
import type { OptionSpecs, WorkedCase } from "../spec.js";
import { type Part, type Settings, type Sums, samples } from "./samples.js";

/** What a false alarm, a miss and the smoothing weigh beside a hit. */
type Weights = readonly [falseAlarm: number, miss: number, smooth: number];

interface OverlapDefinition<O extends OptionSpecs> {
  readonly name: string;
  readonly aka: readonly string[];
  readonly summary: string;
  readonly formula: string;
  readonly reference: string;
  readonly options: O;
  readonly cases: readonly WorkedCase[];
  readonly weights: (settings: Settings) => Weights;
  /** The same as `fn weights() -> vec3f`. */
  readonly wgsl: string;
}

const inputs = { probabilities: "wrt", targets: "wrt" } as const;

// Hits, false alarms and misses are summed apart: 1 - hits / all would cancel on a good match.
const shared = /* wgsl */ `
  fn terms(p: f32, t: f32) -> vec3f {
    return vec3f(p * t, p * (1.0 - t), (1.0 - p) * t);
  }
  fn outcome(sums: vec3f) -> Outcome {
    let w = weights();
    let wrong = w.x * sums.y + w.y * sums.z;
    let right = sums.x + w.z;
    let all = right + wrong;
    if (all == 0.0) {
      return Outcome(0.0, vec3f(0.0));
    }
    let loss = wrong / all;
    return Outcome(loss, vec3f(-loss, w.xy * (right / all)) / all);
  }
  fn slopes(p: f32, t: f32, by: vec3f) -> vec2f {
    return vec2f(by.x * t + by.y * (1.0 - t) - by.z * t, by.x * p - by.y * p + by.z * (1.0 - p));
  }`;

const partOf = (weights: (settings: Settings) => Weights, wgsl: string): Part => ({
  inputs: ["probabilities", "targets"],
  needsSums: true,
  terms: (p, t) => [p * t, p * (1 - t), (1 - p) * t],
  outcome([hits, falseAlarms, misses], settings) {
    const [a, b, smooth] = weights(settings);
    const wrong = a * falseAlarms + b * misses;
    const right = hits + smooth;
    const all = right + wrong;
    // Nothing there and nothing found: a match.
    if (all === 0) return [0, [0, 0, 0]];
    const share = right / all / all;
    return [wrong / all, [-wrong / all / all, a * share, b * share]];
  },
  slopes: (p, t, [hit, falseAlarm, miss]: Sums) => [
    hit * t + falseAlarm * (1 - t) - miss * t,
    hit * p - falseAlarm * p + miss * (1 - p),
  ],
  wgsl: wgsl + shared,
});

/** Makes a loss of how well two maps overlap: 1 - (hits + smooth) / (hits + a false alarms + b misses + smooth). */
export function overlap<const O extends OptionSpecs>(
  definition: OverlapDefinition<O>,
): FunctionOf<{ inputs: typeof inputs; options: O }> {
  const { weights, wgsl, ...known } = definition;
  const parts = [partOf(weights, wgsl)];
  return samples({ ...known, family: "detection", inputs, parts: () => parts });
}
