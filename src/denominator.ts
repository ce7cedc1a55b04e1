import type { Request } from "./request.js";

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

/** The denominator of a request's reduction over losses of `shape`. */
export function denominatorOf(
  { reduction, numbers }: Request,
  shape: readonly number[],
): Denominator {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const whole = { segment: Math.max(size, 1), segments: 1 };
  const constant = (value: number): Denominator => ({ term: "constant", value, ...whole });
  switch (reduction) {
    case "none":
    case "sum":
      return constant(1);
    case "meanCount":
      return constant(size);
    case "batchMean":
      return constant(shape[0] ?? 1);
    case "denominator":
      return constant(numbers.denominator ?? 0);
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
