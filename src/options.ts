import type { NumberOption, OptionSpec, TensorOption } from "./declaration.js";
import { describe, fail } from "./errors.js";

const isTensorOption = (spec: OptionSpec): spec is TensorOption => "tensor" in spec;

function bounds(spec: NumberOption | TensorOption): string {
  const words: string[] = [];
  if (spec.above !== undefined) words.push(`above ${spec.above}`);
  if (spec.min !== undefined) words.push(`at least ${spec.min}`);
  if (spec.max !== undefined) words.push(`at most ${spec.max}`);
  if ("below" in spec && spec.below !== undefined) words.push(`below ${spec.below}`);
  return words.join(" and ") || "finite";
}

/** A number option within its stated bounds. */
export function checkNumber(
  where: string,
  value: unknown,
  spec: NumberOption | TensorOption,
): number {
  const integer = "integer" in spec && spec.integer;
  const infinite = "infinite" in spec && spec.infinite && value === Number.POSITIVE_INFINITY;
  const ok =
    typeof value === "number" &&
    // On the GPU a number is a float32: 1e39 would be infinite there.
    (integer ? Number.isSafeInteger(value) : Number.isFinite(Math.fround(value)) || infinite) &&
    !(spec.above !== undefined && value <= spec.above) &&
    !(spec.min !== undefined && value < spec.min) &&
    !(spec.max !== undefined && value > spec.max) &&
    !("below" in spec && spec.below !== undefined && value >= spec.below);
  if (ok) return value;
  const kind = integer ? "a whole number" : "a number";
  const range = bounds(spec);
  return fail("OPTION", `${where} must be ${kind}, ${range}; got ${describe(value)}`);
}

/** Sorts one option's value into what it is: a number, a word or flag, or a tensor to be parsed. */
export function checkOption(
  where: string,
  value: unknown,
  spec: OptionSpec,
): { number: number } | { choice: string | boolean } | { tensor: unknown } | undefined {
  if (isTensorOption(spec)) {
    const given = value === undefined ? spec.default : value;
    if (given === undefined || given === null) return undefined;
    if (typeof given !== "number") return { tensor: given };
    if (spec.default === undefined) fail("OPTION", `${where} must be a tensor: ${spec.tensor}`);
    return { number: checkNumber(where, given, spec) };
  }
  const given = value === undefined ? spec.default : value;
  if ("values" in spec) {
    if (typeof given === "string" && spec.values.includes(given)) return { choice: given };
    const known = spec.values.join(", ");
    return fail("OPTION", `${where} must be one of ${known}; got ${describe(given)}`);
  }
  if (typeof spec.default === "boolean") {
    if (typeof given === "boolean") return { choice: given };
    return fail("OPTION", `${where} must be true or false, got ${describe(given)}`);
  }
  return { number: checkNumber(where, given, spec as NumberOption) };
}

/** Refuses an option that the loss does not have, and names those it has. */
export function checkNames(
  loss: string,
  options: object,
  known: readonly string[],
  what = "option",
): void {
  if (typeof options !== "object" || options === null) {
    fail("OPTION", `${loss}: expected an object of values by name, got ${describe(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = known.find((word) =>
      word.toLowerCase().startsWith(name.slice(0, 4).toLowerCase()),
    );
    const hint = near ? `; did you mean ${near}?` : "";
    fail("OPTION", `${loss}: there is no ${what} ${describe(name)}${hint} (${known.join(", ")})`);
  }
}
