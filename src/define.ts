import type { Backend, Control, Plan, PlanInputs } from "./backend/index.js";
import type { ReductionName } from "./reduction.js";
import type { LossResult } from "./result.js";
import type { InputRole, LossSpec, OptionSpecs, OptionsOf, PlannedShape } from "./spec.js";
import type { Tensor, TensorLike } from "./tensor.js";

/** Options that every reducing loss takes. */
export interface CommonOptions<Input extends string = string, Output extends string = string> {
  /** How the losses become one number; default "mean". */
  readonly reduction?: ReductionName | { readonly denominator: number | TensorLike };
  /** The value of a mean over nothing; its gradient is 0 either way. */
  readonly emptyMean?: "nan" | "zero";
  /** 0 or 1 (or a factor) per loss: what has 0 is never read, and has gradient 0. */
  readonly mask?: TensorLike;
  /** A factor per loss. */
  readonly sampleWeight?: TensorLike;
  /** A factor on the gradients alone: one number, or one per loss. */
  readonly upstream?: number | TensorLike;
  /** Which gradients to compute: all, by name, or with the place to write them. */
  readonly gradients?:
    | boolean
    | readonly Input[]
    | { readonly [name in Input]?: boolean | "inPlace" };
  /** Further results, from the same pass. */
  readonly outputs?: readonly Output[];
  /** Where to compute; default is the backend of the tensors, or one opened on first use. */
  readonly backend?: Backend;
  /** Stops work that is sliced. */
  readonly signal?: AbortSignal;
  /** Called after each slice. */
  readonly onProgress?: Control["onProgress"];
}

/** Shapes for a plan, by input name; optional tensors may be promised too. */
export type PlanShapes = Readonly<Record<string, PlannedShape | Tensor>>;

/** What `gradients` may be. */
type Asking<Input extends string> = NonNullable<CommonOptions<Input>["gradients"]>;
/** The names that such an option asks for; all where its type does not tell. */
type Asked<Input extends string, G> = [G] extends [never]
  ? Input
  : G extends false
    ? never
    : G extends true
      ? Input
      : G extends readonly (infer Name)[]
        ? Extract<Name, Input>
        : { [K in keyof G]: G[K] extends false | undefined ? never : K }[keyof G] & Input;
/** The two options that decide what a result has. */
interface Wanted<G, Output extends string> {
  readonly gradients?: G;
  readonly outputs?: readonly Output[];
}

/** A loss: call it, plan it, or read what it is. */
export interface LossFunction<
  Args extends readonly unknown[],
  Options extends object,
  Gradient extends string = string,
  Output extends string = never,
> {
  <const G extends Asking<Gradient> = false, const O extends Output = never>(
    ...args: [...inputs: Args, options?: Options & CommonOptions<Gradient, Output> & Wanted<G, O>]
  ): Promise<LossResult<Asked<Gradient, G>, O>>;
  /** Compiles and allocates once for fixed shapes; see `Plan`. */
  plan<const G extends Asking<Gradient> = false, const O extends Output = never>(
    shapes: PlanShapes,
    options?: Options & CommonOptions<Gradient, Output> & Wanted<G, O>,
  ): Promise<Plan<LossResult<Asked<Gradient, G>, O>>>;
  readonly spec: LossSpec;
}

type Roles = Readonly<Record<string, InputRole>>;
type Names<T> = Extract<keyof T, string>;

// Every input is a TensorLike, so only their number matters: counts the names of the inputs.
type Count<U, Found extends unknown[] = []> = [U] extends [never]
  ? Found
  : Count<Exclude<U, LastOf<U>>, [...Found, TensorLike]>;
type LastOf<U> = (U extends unknown ? (x: () => U) => void : never) extends (x: infer I) => void
  ? I extends () => infer L
    ? L
    : never
  : never;

/** Any loss at all, for code that goes over the registry. */
export interface AnyLoss {
  (...args: never[]): Promise<LossResult>;
  plan(shapes: PlanShapes, options?: never): Promise<Plan>;
  readonly spec: LossSpec;
}

/** Names of the tensors of a spec that gradients can flow to. */
type Differentiable<T> = {
  [K in Names<T>]: T[K] extends "wrt" | "asked" | { role: "wrt" | "asked" } ? K : never;
}[Names<T>];

/** A function that is no loss: its values are `output`, and nothing is reduced. */
export interface ValueFunction<
  Args extends readonly unknown[],
  Options extends object,
  Gradient extends string = string,
> {
  <const G extends Asking<Gradient> = false>(
    ...args: [
      ...inputs: Args,
      options?: Options &
        ValueOptions<Gradient, Names<Options>> &
        Pick<Wanted<G, never>, "gradients">,
    ]
  ): Promise<ValueResult<Asked<Gradient, G>>>;
  plan<const G extends Asking<Gradient> = false>(
    shapes: PlanShapes,
    options?: Options &
      ValueOptions<Gradient, Names<Options>> &
      Pick<Wanted<G, never>, "gradients">,
  ): Promise<Plan<ValueResult<Asked<Gradient, G>>>>;
  readonly spec: LossSpec;
}
type ValueOptions<Gradient extends string, Own extends string> = Omit<
  CommonOptions<Gradient, never>,
  "reduction" | "emptyMean" | "mask" | "sampleWeight" | "outputs" | Own
>;
/** What such a function gives back. */
export type ValueResult<Gradient extends string = string> = Omit<
  LossResult<Gradient, "output">,
  "loss"
>;

/** The function type of a spec: as many tensors as it has inputs, then its options. */
export type FunctionOf<
  S extends { inputs: Roles; options: OptionSpecs; outputs?: object; result?: "output" },
> = S["result"] extends "output"
  ? ValueFunction<
      Count<Names<S["inputs"]>>,
      OptionsOf<S["options"]>,
      Differentiable<S["inputs"]> | Differentiable<S["options"]>
    >
  : LossFunction<
      Count<Names<S["inputs"]>>,
      OptionsOf<S["options"]>,
      Differentiable<S["inputs"]> | Differentiable<S["options"]>,
      S["outputs"] extends object ? Names<S["outputs"]> : never
    >;

/** What parses, checks and runs calls: loaded with the first one, so that a page that computes nothing is spared it. */
let calls: typeof import("./call.js") | undefined;

/** Makes the function of a loss from its spec. */
export function defineLoss<const S extends LossSpec>(spec: S): FunctionOf<S> {
  const call = async (...args: unknown[]): Promise<LossResult> => {
    // From the second call on arguments are read before control goes back to the caller.
    calls ??= await import("./call.js");
    return calls.callLoss(spec, args);
  };
  const plan = async (shapes: PlanInputs, options?: unknown): Promise<Plan> => {
    calls ??= await import("./call.js");
    return calls.planLoss(spec, shapes, options);
  };
  return Object.assign(call, { plan, spec }) as unknown as FunctionOf<S>;
}
