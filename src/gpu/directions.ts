import expLog from "../../shaders/expLog.wgsl?raw";
import finish from "../../shaders/finish.wgsl?raw";
import tree from "../../shaders/lanesTree.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import type { ProgramBuilder, Range, Target } from "../plan.js";
import { lanesOf } from "./sums.js";
import type { Vectors } from "./vectors.js";

/** Powers of two of some rows: 0 for each that has no direction. */
export interface Directions {
  readonly powers: Range;
  readonly count: number;
}

interface Finish {
  readonly bound?: { readonly loss: Range; readonly candidates: number; readonly result: Range };
  /** The numbers of a function's output: it has no losses, and nobody else writes its status. */
  readonly numbers?: number;
  /** Adds to what is counted already. */
  readonly more?: boolean;
}

/** Plans the count of rows without direction, and the bound of the mutual information. */
export function planDegenerate(
  builder: ProgramBuilder,
  on: Target,
  status: Range,
  [left, right]: readonly Directions[],
  { bound, numbers, more = false }: Finish = {},
): void {
  builder.pass({
    kernel: {
      label: "finish",
      parts: [math, expLog, finish, tree],
      constants: {
        LANES: lanesOf(on),
        BOUND: bound !== undefined,
        ALONE: numbers !== undefined,
        MORE: more,
      },
      params: {
        leftRows: "u32",
        rightRows: "u32",
        leftStart: "u32",
        rightStart: "u32",
        candidates: "u32",
        numbers: "f32",
      },
    },
    bindings: {
      ...(left ? { left: left.powers } : {}),
      ...(right ? { right: right.powers } : {}),
      ...(bound ? { loss: bound.loss, bound: bound.result } : {}),
      status,
    },
    params: {
      leftRows: left?.count ?? 0,
      rightRows: right?.count ?? 0,
      candidates: bound?.candidates ?? 0,
      numbers: numbers ?? 0,
    },
    workgroups: 1,
    work: ((left?.count ?? 0) + (right?.count ?? 0)) * 4,
  });
}

/** The rows of both sides that may have no direction, each side once. */
export function directionsOf(left: Vectors, right: Vectors): Directions[] {
  const sides = left === right ? [left] : [left, right];
  if (!left.normalised) return [];
  return sides.map(({ powers, lines }) => ({ powers, count: lines }));
}
