import type { Declaration } from "./declaration.js";
import type { DType } from "./dtype.js";
import type { Program, Target } from "./plan.js";
import type { Request } from "./request.js";

export type * from "./declaration.js";

/** What large gradients of the CPU path are kept in. */
export type Precision = "float64" | "float32";

/**
 * Where a gradient goes, whatever lies there: the caller's own array where it asked for "inPlace", the same one in each run
 * of a plan, else a new one.
 */
export type Room = (name: string, size: number) => Float64Array | Float32Array;

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
  cpu(request: Request, geometry: Geometry, room: Room): CpuOutcome;
  gpu(request: Request, geometry: Geometry, on: Target): Program;
}
interface Loads<Asked> {
  /** Loads what a call needs before it runs; without one, what any call may need. Undefined where all is here. */
  load?(call?: Asked): Promise<unknown> | undefined;
}
/** The float64 reference of a loss. */
export type CpuPath<Geometry = unknown> = Paths<Geometry>["cpu"] & Loads<CpuCall<Geometry>>;
/** Plans what a call does on the GPU. */
export type GpuPath<Geometry = unknown> = Paths<Geometry>["gpu"] & Loads<Call<Geometry>>;

/** What a path is loaded for. */
export interface CpuCall<Geometry = unknown> {
  readonly request: Request;
  readonly geometry: Geometry;
}
/** What a planner is loaded for. */
export interface Call<Geometry = unknown> extends CpuCall<Geometry> {
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
export interface LossSpec<Geometry = unknown> extends Declaration {
  readonly family: string;
  readonly aka?: readonly string[];
  readonly summary: string;
  readonly formula: string;
  readonly reference: string;
  /** Shapes of inputs in words, where they are not what the family's always are. */
  readonly shapes?: Readonly<Record<string, string>>;
  readonly kinks?: (options: Readonly<Record<string, number>>) => readonly number[];
  readonly cases: readonly WorkedCase[];
  /** Checks shapes, types and labels, and derives the sizes that both paths need. */
  check(request: Request): Geometry;
  // A page needs one path or the other: each is loaded when a first call takes it.
  cpu(): Promise<CpuPath<Geometry>>;
  /** Absent where a loss exists on the CPU alone. */
  gpu?(): Promise<GpuPath<Geometry>>;
}

/** Shape of a planned input: a bare list is f32, or i32 for labels. */
export type PlannedShape = readonly number[] | { shape: readonly number[]; dtype?: DType };
