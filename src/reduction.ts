import { describe, fail } from "./errors.js";

/** How losses become one number. Each name states its denominator, so that none can be confused. */
export type ReductionName =
  | "none"
  | "sum"
  | "mean"
  | "meanCount"
  | "weightedMean"
  | "tokenMean"
  | "sequenceMean"
  | "batchMean";

const reductions: readonly ReductionName[] = [
  "none",
  "sum",
  "mean",
  "meanCount",
  "weightedMean",
  "tokenMean",
  "sequenceMean",
  "batchMean",
];

/** Checks the `reduction` option; a `{ denominator }` that is a tensor is handed back as one. */
export function checkReduction(
  loss: string,
  given: unknown,
  allowed?: readonly ReductionName[],
): { name: ReductionName | "denominator"; denominator?: unknown } {
  const value = given ?? allowed?.[0] ?? "mean";
  const known = allowed ?? reductions;
  if (known.includes(value as ReductionName)) return { name: value as ReductionName };
  if (!allowed && typeof value === "object" && "denominator" in value) {
    const { denominator } = value;
    if (denominator === undefined) {
      fail("OPTION", `${loss}: reduction.denominator must be a number or a tensor, got undefined`);
    }
    if (typeof denominator === "number" && !Number.isFinite(Math.fround(denominator))) {
      fail("OPTION", `${loss}: reduction.denominator must be finite, got ${denominator}`);
    }
    return { name: "denominator", denominator };
  }
  const others = allowed ? "" : " or { denominator }";
  return fail(
    "OPTION",
    `${loss}: reduction must be one of ${known.join(", ")}${others}, got ${describe(value)}`,
  );
}
