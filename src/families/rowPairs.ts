import { defineLoss, type FunctionOf } from "../define.js";
import { fail } from "../errors.js";
import type { Request } from "../request.js";
import type { LossSpec } from "../spec.js";
import { sizeOf } from "../tensor.js";

/** How far two vectors are apart; "cosine" is 1 less their cosine. */
export type PairMeasure = "l2" | "squared" | "p" | "cosine";

/** Which vectors of a row are compared, and how. */
export interface Comparison {
  /** Pairs of input names; the judge gets their distances in this order. */
  readonly pairs: readonly (readonly [string, string])[];
  readonly measure: PairMeasure;
}

/** What a loss makes of the distances of one row: its value, and its slope for each distance. */
export interface PairVerdict {
  readonly value: number;
  readonly slopes: readonly number[];
}

/** A loss on given pairs of vectors, one row a loss: no matrix, only a few distances a row. */
export interface RowPairSpec
  extends Omit<LossSpec<PairGeometry>, "family" | "check" | "cpu" | "gpu"> {
  compare(request: Request): Comparison;
  judge(
    distances: readonly number[],
    label: number,
    numbers: Readonly<Record<string, number>>,
    choices: Readonly<Record<string, string | boolean>>,
  ): PairVerdict;
  /** The same as `fn judge(distances: vec3f, label: f32) -> Verdict`. */
  readonly wgsl: string;
}

/** The sizes of a batch of pairs. */
export interface PairGeometry extends Comparison {
  /** The inputs that hold vectors. */
  readonly names: readonly string[];
  readonly shape: readonly number[];
  readonly lossShape: readonly number[];
  readonly rows: number;
  readonly depth: number;
}

/** The option `kink` of the losses with a hinge. */
export const kinkOption = {
  default: "zero",
  values: ["zero", "torch"],
  doc: "The gradient where the hinge begins: 0, or active as in PyTorch.",
} as const;

function check(request: Request, { pairs, measure }: Comparison): PairGeometry {
  const names = [...new Set(pairs.flat())];
  const first = names[0] as string;
  const { shape, size } = request.get(first);
  if (!shape || shape.length === 0) {
    const got = shape ? "a single number" : `${size} elements`;
    return fail(
      "SHAPE_MISMATCH",
      `${request.where(first)} is ${got}, expected (…, depth); use tensor(${first}, [rows, depth])`,
    );
  }
  for (const name of names) {
    request.expectFloat(name);
    request.expectShape(name, shape, `like ${first}`);
  }
  const lossShape = shape.slice(0, -1);
  request.expectShape("targets", lossShape, "(one per pair)");
  request.expectFloat("targets");
  request.expectCommon(lossShape);
  const depth = shape.at(-1) as number;
  return { pairs, measure, names, shape, lossShape, rows: sizeOf(lossShape), depth };
}

/** Makes a loss on given pairs of vectors. */
export function rowPairs<const S extends RowPairSpec>(spec: S): FunctionOf<S> {
  const known: RowPairSpec = spec;
  return defineLoss({
    ...known,
    family: "pairwise",
    check: (request) => check(request, known.compare(request)),
    cpu: async () => {
      const { rowPairsCpu } = await import("../cpu/rowPairs.js");
      return (request, geometry) => rowPairsCpu(request, geometry, known.judge);
    },
    gpu: async () => {
      const { planRowPairs } = await import("../gpu/rowPairs.js");
      return (request, geometry, on) => planRowPairs(request, geometry, on, known.wgsl);
    },
  } satisfies LossSpec<PairGeometry>) as unknown as FunctionOf<S>;
}
