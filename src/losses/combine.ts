// Neither elements nor rows, but a handful of numbers that each lie in a buffer of their own: a kernel of one workgroup
// adds them where they are, so that nothing is read back.
import { type CommonOptions, defineLoss, type LossFunction } from "../define.js";
import { describe, fail } from "../errors.js";
import type { Request } from "../request.js";
import type { LossResult } from "../result.js";
import { stack } from "../stack.js";
import type { TensorLike } from "../tensor.js";

/** One loss of several: the result of a loss function, or a number, and what it counts. */
export interface Term {
  readonly loss: TensorLike | Pick<LossResult, "loss">;
  readonly weight?: TensorLike;
}

export interface CombineOptions {
  /** The weights, where the losses are one tensor; a term of a list carries its own. */
  readonly weights?: TensorLike;
}
type Options = Omit<
  CommonOptions<"losses" | "weights", "shares">,
  "reduction" | "emptyMean" | "mask" | "sampleWeight"
>;

export interface CombineFunction {
  /** `shares` are weight × loss over the total. A gradient to `losses` is what to give each term as `upstream`. */
  (
    losses: readonly Term[] | TensorLike,
    options?: CombineOptions & Options,
  ): Promise<LossResult<"losses" | "weights", "shares">>;
  readonly plan: LossFunction<[TensorLike], CombineOptions, "losses" | "weights", "shares">["plan"];
  readonly spec: LossFunction<[TensorLike], CombineOptions>["spec"];
}

function check(request: Request): number {
  const { losses, weights } = request.tensors;
  const terms = losses?.size ?? 0;
  request.expectShape("losses", [terms], "(one number per term)");
  request.expectFloat("losses");
  request.expectShape("weights", [terms], "(one weight per term)");
  if (weights) request.expectFloat("weights");
  for (const name of ["mask", "sampleWeight"]) {
    if (!request.tensors[name]) continue;
    fail("OPTION", `combine: there is no option "${name}"; give a term the weight 0`);
  }
  request.expectShape("upstream", [], "(one number)");
  if (Object.values(request.gradients).includes("inPlace")) {
    fail(
      "OPTION",
      'combine: gradients cannot be "inPlace": losses and weights are not rows to reuse',
    );
  }
  return terms;
}

const isTerms = (value: unknown): value is readonly Term[] =>
  Array.isArray(value) && value.some((term) => typeof term === "object" && "loss" in (term ?? {}));

function lossOf(term: Term, at: number): TensorLike {
  const loss = (term as Term | null)?.loss;
  if (loss === undefined || loss === null) {
    fail("OPTION", `combine: term ${at} must be { loss, weight }, got ${describe(term)}`);
  }
  return typeof loss === "object" && "loss" in loss ? loss.loss : loss;
}

type Inner = LossFunction<[TensorLike], CombineOptions, "losses" | "weights", "shares">;

/** Lets a loss of a tensor of losses be called with a list of terms, wherever each of them lies. */
function overTerms(inner: Inner): CombineFunction {
  const call = async (
    losses: readonly Term[] | TensorLike,
    options: CombineOptions & Options = {},
  ): Promise<LossResult<"losses" | "weights", "shares">> => {
    const known = { ...options, outputs: ["shares"] as const };
    if (!isTerms(losses)) return inner(losses, known);
    if (options.weights !== undefined) {
      fail("OPTION", "combine: weights belong to the terms of a list: { loss, weight }");
    }
    const terms = await stack("combine", losses.map(lossOf), options.backend);
    const factors = losses.map(({ weight = 1 }) => weight);
    const weights = await stack("combine", factors, options.backend);
    try {
      return await inner(terms.tensor, { ...known, weights: weights.tensor });
    } finally {
      terms.destroy();
      weights.destroy();
    }
  };
  return Object.assign(call, { plan: inner.plan, spec: inner.spec });
}

/**
 * Weighted sum of several losses and the share of each, added where they lie.
 * @example
 * const { loss, shares } = await combine([{ loss: 0.55, weight: 1 }, { loss: 0.04, weight: 10 }]);
 */
export const combine: CombineFunction = /* @__PURE__ */ overTerms(
  /* @__PURE__ */ defineLoss({
    name: "combine",
    family: "reduction",
    aka: ["multi-task loss", "total loss"],
    summary: "Weighted sum of several losses and the share of each, added where they lie.",
    formula: String.raw`\textstyle\sum_k w_k \ell_k, \quad \text{shares } w_k \ell_k / \sum_j w_j \ell_j`,
    reference:
      "Kendall, Gal, Cipolla 2018, arXiv:1705.07115, on weighting the losses of several tasks",
    inputs: { losses: "wrt" },
    shapes: { losses: "(terms), or a list of { loss, weight }" },
    options: {
      weights: { tensor: "(terms)", role: "wrt", doc: "What each loss counts; 1 without." },
    },
    reductions: ["sum"],
    outputs: { shares: "weight × loss over the total, per term; 0 where the total is 0" },
    cases: [
      { args: [[0.55, 0.04, 1.8]], options: { weights: [1, 10, 0.2] }, loss: 1.31 },
      { args: [[0.5, 0.25]], loss: 0.75 },
    ],
    check,
    cpu: async () => (await import("../cpu/combine.js")).combineCpu,
    gpu: async () => (await import("../gpu/combine.js")).planCombine,
  }),
);
