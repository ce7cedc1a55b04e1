import type { AnyLoss, LossSpec } from "../../index.js";
import { clamp } from "../parts/clamp.js";

type OptionSpec = LossSpec["options"][string];

/** A number option as a track: its ends, whether it is logarithmic, and where it begins. */
export interface Track {
  readonly min: number;
  readonly max: number;
  readonly log: boolean;
  readonly value: number;
  readonly step?: number;
}

/** The track of an option, from its bounds; undefined where a curve cannot show it. */
export function trackOf(option: OptionSpec): Track | undefined {
  const { default: value } = option;
  if (typeof value !== "number") return undefined;
  const given = option as { min?: number; max?: number; above?: number; below?: number };
  const { below } = given;
  // Bounds that only keep numbers away from overflow are no ends of a track.
  const max = given.max !== undefined && given.max > 1e6 ? undefined : given.max;
  const nearZero = given.min !== undefined && given.min > 0 && given.min < 1e-6;
  const min = nearZero ? undefined : given.min;
  const above = nearZero ? 0 : given.above;
  const integer = "integer" in option && option.integer === true;
  // Without bounds a whole number is an axis or a label, which no curve over one number shows.
  if (integer) {
    return min !== undefined && max !== undefined
      ? { min, max, log: false, value, step: 1 }
      : undefined;
  }
  const top =
    max ?? (below === undefined ? undefined : below - (below - (min ?? above ?? 0)) / 100);
  if (above === 0 && top === undefined) {
    const middle = value > 0 ? value : 1;
    return { min: middle / 20, max: middle * 20, log: true, value };
  }
  if (above !== undefined && top !== undefined) {
    return { min: above + (top - above) / 100, max: top, log: false, value };
  }
  if (min !== undefined) return { min, max: top ?? Math.max(4 * value, 5), log: false, value };
  // A factor without bounds is a weight.
  if ("tensor" in option && option.role === "data") return { min: 0, max: 5, log: false, value };
  return { min: value - 3, max: top ?? value + 3, log: false, value };
}

/** Flags that change shapes, not curves. */
const structural = new Set(["broadcast", "shift", "checkLogits"]);

/** Options of a loss that a curve shows, by name. */
export function curveOptions({ spec }: AnyLoss): [string, OptionSpec][] {
  return Object.entries(spec.options).filter(([name, option]) => {
    if ("values" in option) return true;
    if (typeof option.default === "boolean") return !structural.has(name);
    return trackOf(option) !== undefined;
  });
}

/** An option's value from text, as the address has it; undefined where it is not one. */
export function parseOption(
  option: OptionSpec,
  text: string,
): number | string | boolean | undefined {
  if ("values" in option) return option.values.includes(text) ? text : undefined;
  if (typeof option.default === "boolean")
    return text === "true" ? true : text === "false" ? false : undefined;
  const track = trackOf(option);
  const value = Number(text);
  if (!track || text === "" || !Number.isFinite(value)) return undefined;
  return clamp(value, track.min, track.max);
}
