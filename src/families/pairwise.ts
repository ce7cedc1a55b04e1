import type { PairHook } from "../cpu/pairHook.js";
import { defineLoss, type FunctionOf } from "../define.js";
import { fail } from "../errors.js";
import { expectIntegers, expectLabels } from "../labels.js";
import type { Request } from "../request.js";
import type { LossSpec } from "../spec.js";
import { type Arrangement, arrange, type Geometry } from "./arrangement.js";

/** What a loss on a matrix of similarities says of itself; the family supplies the rest of its spec. */
export interface PairwiseSpec extends Omit<LossSpec<Geometry>, "family" | "check" | "cpu" | "gpu"> {
  /** Which vectors are compared, and which comparisons count. */
  arrange(request: Request): Arrangement;
}

/** A pairwise loss whose value is a sum over the pairs, each judged alone. */
export interface PairSpec extends PairwiseSpec, PairHook {}

/** Outputs of the losses whose rows have one positive. */
export const contrastOutputs = {
  positiveProbability: "probability of the positive among a row's candidates, per row",
  correct: "1 where the positive is a row's most similar candidate, per row",
  mutualInformation:
    "log of the number of candidates, less the loss: a bound of the mutual information",
} as const;

/** Two views of each thing, all 2N compared with each other: the arrangement of ntXent and dcl. */
export const twoViews = {
  left: ["a", "b"],
  right: ["a", "b"],
  metric: "cosine",
  scale: "temperature",
  bias: 0,
  positives: "otherView",
  skipSelf: true,
  symmetric: false,
} as const;

export function checkPairwise(request: Request, arrangement: Arrangement): Geometry {
  const geometry = arrange(request, arrangement);
  const { positives } = arrangement;
  if (positives === "index") {
    request.expectShape("targets", [geometry.rows], "(one column per row)");
    expectLabels(request, "targets", geometry.right[0]?.rows ?? 0);
  }
  if (positives === "sameLabel") {
    request.expectShape("labels", [geometry.rows], "(one label per row)");
    expectIntegers(request, "labels");
  }
  const { name } = request.spec;
  if (request.outputs.has("mutualInformation") && request.reduction === "none") {
    fail("OPTION", `${name}: output mutualInformation needs a reduction other than "none"`);
  }
  const { skipPositive, skipSelf } = arrangement;
  const candidates = geometry.columns - (skipPositive ? 1 : 0) - (skipSelf ? 1 : 0);
  if (skipPositive && candidates < 1 && geometry.rows > 0) {
    fail("SHAPE_MISMATCH", `${name}: a batch of one pair leaves no negatives for the denominator`);
  }
  return geometry;
}

/** Makes a loss that takes a softmax over each row of similarities, and over each column where it is symmetric. */
export function contrast<const S extends PairwiseSpec>(spec: S): FunctionOf<S> {
  return defineLoss({
    ...(spec as PairwiseSpec),
    family: "pairwise",
    check: (request) => checkPairwise(request, spec.arrange(request)),
    cpu: async () => (await import("../cpu/contrast.js")).contrastCpu,
    gpu: async () => (await import("../gpu/contrast.js")).planContrast,
  } satisfies LossSpec<Geometry>) as unknown as FunctionOf<S>;
}

/** Makes a loss that judges every pair alone and sums over each row. */
export function pairwise<const S extends PairSpec>(spec: S): FunctionOf<S> {
  return defineLoss({
    ...(spec as PairwiseSpec),
    family: "pairwise",
    check: (request) => checkPairwise(request, spec.arrange(request)),
    cpu: async () => (await import("../cpu/pairHook.js")).pairHookCpu(spec.pair),
    gpu: async () => {
      const { planPairHook } = await import("../gpu/pairwise.js");
      return (request, geometry, on) => planPairHook(request, geometry, on, spec.wgsl);
    },
  } satisfies LossSpec<Geometry>) as unknown as FunctionOf<S>;
}
