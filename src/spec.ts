import type { DType } from "./dtype.js";
import type { Program, Target } from "./plan.js";
import type { ReductionName } from "./reduction.js";
import type { Request } from "./request.js";
import type { TensorLike } from "./tensor.js";

/** `wrt`: gradients flow to it; `asked`: only when `gradients` names it; `data`: never; `labels`: whole numbers. */
export type InputRole = "wrt" | "asked" | "data" | "labels";

export interface NumberOption {
  readonly default: number;
  readonly above?: number;
  readonly min?: number;
  readonly max?: number;
  readonly below?: number;
  readonly integer?: boolean;
  /** A plan keeps it, as it decides the kernels; "atZero": while it is 0, which switches something off. */
  readonly fixed?: "always" | "atZero";
  /** Infinity is allowed too. */
  readonly infinite?: boolean;
  readonly doc: string;
}
export interface ChoiceOption {
  readonly default: string;
  readonly values: readonly string[];
  readonly doc: string;
}
export interface FlagOption {
  readonly default: boolean;
  readonly doc: string;
}
/** A tensor, or with `default` also a plain number; `role` says whether gradients flow to it. */
export interface TensorOption {
  readonly tensor: string;
  readonly role?: InputRole;
  readonly default?: number | null;
  /** null may be given too, and means without it. */
  readonly nullable?: true;
  readonly above?: number;
  readonly min?: number;
  readonly max?: number;
  readonly doc: string;
}
export type OptionSpec = NumberOption | ChoiceOption | FlagOption | TensorOption;
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

export type OptionValue<O> = O extends { tensor: string }
  ? TensorLike | (O extends { default: null } | { nullable: true } ? null : never)
  : O extends { values: readonly (infer V)[] }
    ? V
    : O extends { default: boolean }
      ? boolean
      : number;
export type OptionsOf<O extends OptionSpecs> = { readonly [K in keyof O]?: OptionValue<O[K]> };

/** What large gradients of the CPU path are kept in. */
export type Precision = "float64" | "float32";

/** Values and shapes that the CPU path hands back: float64, but for large float32 gradients. */
export interface CpuArray {
  readonly shape: readonly number[];
  readonly data: Float64Array | Float32Array;
}
export interface CpuOutcome {
  readonly loss: CpuArray;
  readonly gradients: Readonly<Record<string, CpuArray>>;
  readonly outputs: Readonly<Record<string, CpuArray>>;
  readonly stats: Stats;
}

// Types of methods, so that a loss may name its own sizes.
interface Paths<Geometry> {
  cpu(request: Request, geometry: Geometry, precision: Precision): CpuOutcome;
  gpu(request: Request, geometry: Geometry, on: Target): Program;
}
/** The float64 reference of a loss; with "float32" its large gradients may be kept in that. */
export type CpuPath<Geometry = unknown> = Paths<Geometry>["cpu"];
/** Plans what a call does on the GPU. */
export type GpuPath<Geometry = unknown> = Paths<Geometry>["gpu"];

/** What a planner is loaded for. */
export interface Call<Geometry = unknown> {
  readonly request: Request;
  readonly geometry: Geometry;
  readonly on: Target;
}

/** What a call saw beside its numbers. */
export interface Stats {
  /** Rows or elements that took part. */
  readonly count: number;
  /** What the sum was divided by. */
  readonly denominator: number;
  /** Labels outside the classes. */
  readonly outOfRange: number;
  /** Losses that are NaN or infinite. */
  readonly nonFinite: number;
  /** Rows without a direction (zero norm), for the similarity losses. */
  readonly degenerate: number;
}

/** One worked case: documentation, example and test at once. */
export interface WorkedCase {
  readonly args: readonly unknown[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly loss: number | readonly number[];
}

/** Everything that is known about a loss; function, docs, tests, plots and bench rows are derived from it. */
export interface LossSpec<Geometry = unknown> {
  readonly name: string;
  readonly family: string;
  readonly aka?: readonly string[];
  readonly summary: string;
  readonly formula: string;
  readonly reference: string;
  readonly inputs: Readonly<Record<string, InputRole>>;
  /** Shapes of inputs in words, where they are not what the family's always are. */
  readonly shapes?: Readonly<Record<string, string>>;
  readonly options: OptionSpecs;
  /** The reductions it knows, its default first; without this all of them, "mean" first. */
  readonly reductions?: readonly ReductionName[];
  /** "output" where the function is no loss: nothing is reduced, and its values have that name in the result. */
  readonly result?: "output";
  /** Further results by name, with what they are. */
  readonly outputs?: Readonly<Record<string, string>>;
  readonly kinks?: (options: Readonly<Record<string, number>>) => readonly number[];
  readonly cases: readonly WorkedCase[];
  /** Checks shapes, types and labels, and derives the sizes that both paths need. */
  check(request: Request): Geometry;
  // A page needs one path or the other: each is loaded when a first call takes it.
  cpu(): Promise<CpuPath<Geometry>>;
  /** Absent where a loss exists on the CPU alone. For a call it may leave out what that does not need. */
  gpu?(call?: Call<Geometry>): Promise<GpuPath<Geometry>>;
}

/** Shape of a planned input: a bare list is f32, or i32 for labels. */
export type PlannedShape = readonly number[] | { shape: readonly number[]; dtype?: DType };
