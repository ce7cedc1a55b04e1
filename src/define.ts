import {
  type Backend,
  type Control,
  defaultBackend,
  type Plan,
  type PlanInputs,
} from "./backend/index.js";
import { describe, fail } from "./errors.js";
import type { ReductionName } from "./reduction.js";
import { Request } from "./request.js";
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

/** A loss: call it, plan it, or read what it is. */
export interface LossFunction<
  Args extends readonly unknown[],
  Options extends object,
  Gradient extends string = string,
  Output extends string = never,
> {
  (
    ...args: [...inputs: Args, options?: Options & CommonOptions<Gradient, Output>]
  ): Promise<LossResult<Gradient, Output>>;
  /** Compiles and allocates once for fixed shapes; see `Plan`. */
  plan(
    shapes: PlanShapes,
    options?: Options & CommonOptions<Gradient, Output>,
  ): Promise<Plan<LossResult<Gradient, Output>>>;
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
  (
    ...args: [...inputs: Args, options?: Options & ValueOptions<Gradient, Names<Options>>]
  ): Promise<ValueResult<Gradient>>;
  plan(
    shapes: PlanShapes,
    options?: Options & ValueOptions<Gradient, Names<Options>>,
  ): Promise<Plan<ValueResult<Gradient>>>;
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

function splitArguments(
  spec: LossSpec,
  args: readonly unknown[],
): { values: Record<string, unknown>; options: Record<string, unknown> } {
  const names = Object.keys(spec.inputs);
  if (args.length < names.length || args.length > names.length + 1) {
    fail(
      "SHAPE_MISMATCH",
      `${spec.name} takes (${names.join(", ")}, options), got ${args.length} arguments`,
    );
  }
  const values = Object.fromEntries(names.map((name, index) => [name, args[index]]));
  return { values, options: plainOptions(spec, args[names.length]) };
}

function plainOptions(spec: LossSpec, options: unknown): Record<string, unknown> {
  if (options === undefined) return {};
  const proto = typeof options === "object" && options ? Object.getPrototypeOf(options) : undefined;
  if (proto !== Object.prototype && proto !== null) {
    fail("OPTION", `${spec.name}: the options must be a plain object, got ${describe(options)}`);
  }
  // Read once: a getter or a Proxy must not answer differently after the check.
  return { ...(options as object) };
}

const isBackend = (value: unknown): value is Backend =>
  typeof value === "object" && value !== null && "kind" in value && "call" in value;

/** The backend asked for, else the one that already holds a tensor, else the shared one. */
async function chooseBackend(
  spec: LossSpec,
  asked: unknown,
  request: Request | undefined,
): Promise<Backend> {
  if (asked !== undefined) {
    if (isBackend(asked)) return asked;
    return fail(
      "OPTION",
      `${spec.name}: backend must come from openBackend(), got ${describe(asked)}`,
    );
  }
  for (const { gpu } of Object.values(request?.tensors ?? {})) {
    if (isBackend(gpu?.owner)) return gpu.owner;
  }
  return defaultBackend();
}

function checkControl(spec: LossSpec, options: Readonly<Record<string, unknown>>): Control {
  const { signal, onProgress } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    fail("OPTION", `${spec.name}: signal must be an AbortSignal, got ${describe(signal)}`);
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    fail("OPTION", `${spec.name}: onProgress must be a function, got ${describe(onProgress)}`);
  }
  return { signal, onProgress: onProgress as Control["onProgress"] };
}

/** Makes the function of a loss from its spec: parsing, checking, choosing a backend, running. */
export function defineLoss<const S extends LossSpec>(spec: S): FunctionOf<S> {
  const known: LossSpec = spec;
  const call = async (...args: unknown[]): Promise<LossResult> => {
    const { values, options } = splitArguments(known, args);
    const control = checkControl(known, options);
    const request = new Request(known, values, options, false);
    const geometry = known.check(request);
    const backend = await chooseBackend(known, options.backend, request);
    return backend.call({ spec: known, request, geometry }, control);
  };
  const plan = async (shapes: PlanInputs, options?: unknown): Promise<Plan> => {
    const given = plainOptions(known, options);
    const request = new Request(known, shapes, given, true);
    const geometry = known.check(request);
    const backend = await chooseBackend(known, given.backend, request);
    return backend.plan({ spec: known, request, geometry });
  };
  return Object.assign(call, { plan, spec: known }) as unknown as FunctionOf<S>;
}
