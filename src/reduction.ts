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

/** A factor each row brings to the denominator; `constant` needs none. */
export type DenominatorTerm = "constant" | "classWeight" | "weight" | "mask";

export interface Denominator {
  readonly term: DenominatorTerm;
  /** The denominator itself when it is constant and known here; 0 when a tensor gives it. */
  readonly value: number;
  /** Rows that share one denominator; the losses' size unless the reduction is per sequence. */
  readonly segment: number;
  /** Segments whose means are averaged. */
  readonly segments: number;
}

/** The denominator of a named reduction over losses of `shape`. */
export function denominatorOf(
  name: ReductionName | "denominator",
  shape: readonly number[],
  given: number | undefined,
): Denominator {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const whole = { segment: Math.max(size, 1), segments: 1 };
  const constant = (value: number): Denominator => ({ term: "constant", value, ...whole });
  switch (name) {
    case "none":
    case "sum":
      return constant(1);
    case "meanCount":
      return constant(size);
    case "batchMean":
      return constant(shape[0] ?? 1);
    case "denominator":
      return constant(given ?? 0);
    case "mean":
      return { term: "classWeight", value: 0, ...whole };
    case "weightedMean":
      return { term: "weight", value: 0, ...whole };
    case "tokenMean":
      return { term: "mask", value: 0, ...whole };
    case "sequenceMean": {
      const segment = Math.max(shape.at(-1) ?? 1, 1);
      return { term: "mask", value: 0, segment, segments: size / segment };
    }
  }
}

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
