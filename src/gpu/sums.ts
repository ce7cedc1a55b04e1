import math from "../../shaders/math.wgsl?raw";
import reduce from "../../shaders/reduce.wgsl?raw";
import sum from "../../shaders/sum.wgsl?raw";
import alone from "../../shaders/sumAlone.wgsl?raw";
import tree from "../../shaders/sumTree.wgsl?raw";
import { type ProgramBuilder, type Range, slice, type Target } from "../plan.js";
import type { Request } from "../request.js";

/** Numbers that a workgroup sums. */
export const BLOCK = 4096;
/** Words of a sum that is not finished: value, flags, losses that are not finite, losses that count. */
const SUM_WORDS = 4;
const NAN_BITS = 0x7fc00000;

/** Rows of so many bytes that one binding holds, wherever it begins: a multiple of `group`. */
export const chunkOf = (on: Target, bytes: number, group = 1): number =>
  Math.max(Math.floor((on.maxBinding - on.alignment) / bytes / group), 1) * group;

/** Lanes of the kernels that walk over rows: a software adapter pays for every lane of a barrier. */
export const lanesOf = (on: Target): number => (on.software ? 4 : Math.min(256, on.maxInvocations));

/** Lanes of the small passes around a kernel: how many join to a team, by which piece, and how many such teams a workgroup has. */
interface Team {
  readonly lanes: number;
  readonly teams: number;
  readonly join: string;
}

/** One lane on a software adapter (sumAlone.wgsl), four to a workgroup: alone it would leave its subgroup idle. */
export const teamOf = (on: Target): Team =>
  on.software ? { lanes: 1, teams: 4, join: alone } : { lanes: lanesOf(on), teams: 1, join: tree };

/**
 * Rows that a team takes, of so many. Several blocks are a pass more to run and a pipeline more to compile, so that one lane
 * may take a thousand rows; of more, few to each, but for what sums the blocks then.
 */
export const blockOf = (on: Target, rows: number): number =>
  on.software && rows > BLOCK / 4 ? Math.max(256, 2 ** Math.ceil(Math.log2(rows / BLOCK))) : BLOCK;

/** What makes a sum of losses the loss. */
export interface Reduction {
  readonly status: Range;
  /** What the loss is where there is nothing to divide by. */
  readonly emptyBits: number;
  /** 1 / denominator per segment, where a pass before has found it; the status words are written then. */
  readonly totals?: Range;
  /** Else the denominator itself: a number, or the option that holds it. */
  readonly denominator?: number | string;
  readonly segments: number;
  readonly segmentLength: number;
  /** The blocks' sums tell how many losses count. */
  readonly counted: boolean;
}

/** The value of a mean over nothing, as bits. */
export function emptyBitsOf(request: Request): number {
  // The mean over sequences is over all of them: an empty one counts as 0.
  const isNan = request.emptyMean === "nan" && request.reduction !== "sequenceMean";
  return isNan ? NAN_BITS : 0;
}

/** Room for the sums of `blocks` blocks. */
export const sumsOf = (builder: ProgramBuilder, name: string, blocks: number): Range =>
  builder.buffer(`${name}Sums`, Math.max(blocks, 1) * SUM_WORDS * 4);

interface Level {
  readonly first: boolean;
  readonly last: boolean;
  readonly count: number;
  readonly block: number;
  /** Blocks that a pass before has taken. */
  readonly firstBlock?: number;
}

function planLevel(
  builder: ProgramBuilder,
  on: Target,
  { first, last, count, block, firstBlock = 0 }: Level,
  ranges: { readonly values?: Range; readonly sums: Range; readonly result: Range },
  losses: Reduction | undefined,
): void {
  const { values, sums, result } = ranges;
  const totals = losses?.totals;
  const { lanes, teams, join } = teamOf(on);
  builder.pass({
    kernel: {
      label: "reduce",
      parts: [math, sum, join, reduce],
      constants: {
        LANES: lanes,
        TEAMS: teams,
        FIRST: first,
        LAST: last,
        LOSSES: losses !== undefined,
        SETTLED: totals !== undefined,
        COUNTED: losses?.counted === true,
        SEGMENTED: losses !== undefined && losses.segments > 1,
      },
      params: {
        count: "u32",
        block: "u32",
        firstBlock: "u32",
        segmentLength: "u32",
        gridWidth: "u32",
        valuesStart: "u32",
        emptyBits: "u32",
        denominator: "f32",
      },
    },
    bindings: {
      ...(values ? { values } : {}),
      ...(totals ? { totals } : {}),
      ...(losses ? { status: losses.status } : {}),
      sums,
      result,
    },
    params: {
      count,
      block,
      firstBlock,
      segmentLength: losses?.segmentLength ?? 1,
      emptyBits: losses?.emptyBits ?? 0,
      denominator: losses?.denominator ?? 1,
    },
    workgroups: Math.max(Math.ceil(count / block / teams), 1),
    work: count * 4,
  });
}

/** Plans the sum of `count` numbers: the loss where they are losses. Gives where it lies, and behind it its exp. */
export function planSum(
  builder: ProgramBuilder,
  on: Target,
  name: string,
  values: Range,
  count: number,
  losses?: Reduction,
): Range {
  const block = blockOf(on, count);
  const blocks = Math.max(Math.ceil(count / block), 1);
  const ranges = { sums: sumsOf(builder, name, blocks), result: builder.buffer(name, 8) };
  const first = { first: true, last: blocks === 1, block };
  const most = chunkOf(on, values.unit, block);
  for (let start = 0; start === 0 || start < count; start += most) {
    const part = Math.min(most, count - start);
    const level = { ...first, count: part, firstBlock: start / block };
    planLevel(builder, on, level, { ...ranges, values: slice(values, start, part) }, losses);
  }
  const second = { first: false, last: true, count: blocks, block: blocks };
  if (blocks > 1) planLevel(builder, on, second, ranges, losses);
  return slice(ranges.result, 0, 1);
}

/** Plans the loss from the sums of blocks that another kernel has left. */
export function planTotal(
  builder: ProgramBuilder,
  on: Target,
  sums: Range,
  blocks: number,
  losses: Reduction,
): Range {
  const ranges = { sums, result: builder.buffer("loss", 8) };
  const level = { first: false, last: true, count: blocks, block: Math.max(blocks, 1) };
  planLevel(builder, on, level, ranges, losses);
  return slice(ranges.result, 0, 1);
}
