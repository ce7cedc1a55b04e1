import maskPiece from "../../shaders/mask.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import prepare from "../../shaders/prepare.wgsl?raw";
import settle from "../../shaders/settle.wgsl?raw";
import settled from "../../shaders/settled.wgsl?raw";
import type { Argument } from "../argument.js";
import { type Denominator, denominatorOf } from "../denominator.js";
import { bytesPerElement, gpuDType } from "../dtype.js";
import { fail } from "../errors.js";
import { isJudged } from "../labels.js";
import {
  type Kernel,
  type ProgramBuilder,
  type Range,
  slice,
  statusBytes,
  type Target,
} from "../plan.js";
import type { Request } from "../request.js";
import { sizeOf } from "../tensor.js";
import { type Chunk, chunksOf } from "./chunks.js";
import { blockOf, emptyBitsOf, planSum, teamOf } from "./sums.js";

const terms = { constant: 0, classWeight: 1, weight: 2, mask: 3 } as const;

/** Codes of the storage formats in the shaders. */
export const storageCodes = { f32: 0, f16: 1, bf16: 2 } as const;

/** How a mask is stored, as shaders/mask.wgsl numbers it. */
export const maskCodes = {
  f32: 1,
  f16: 2,
  bf16: 3,
  i32: 4,
  u32: 5,
  i64: 6,
  u8: 0,
  f64: 0,
} as const;

/** What the row kernels read about their rows: labels and factors, denominators, status. */
export interface Rows {
  readonly chunks: readonly Chunk[];
  /** That of the first chunk, which is the only one where a kernel has set no bound. */
  readonly rowInfo: Range;
  /** 1 / denominator per segment, then the temperature and the sum of the class weights. */
  readonly totals: Range;
  readonly status: Range;
  readonly segments: number;
  readonly segmentLength: number;
}

export interface Labels {
  readonly name: string;
  readonly classes: number;
  /** Tokens per sequence where labels are shifted by one, else 0. */
  readonly shift: number;
  /** Class weights are no part of the denominators. */
  readonly unweighted?: boolean;
  /** Made by a pass before, in place of the tensor: 0 where a row takes part, 0xffffffff where it does not. */
  readonly made?: Range;
}

/** The whole of a tensor that the caller gives. */
export function inputRange(argument: Argument): Range {
  const unit = bytesPerElement[gpuDType(argument.dtype)];
  return { buffer: argument.name, offset: 0, bytes: Math.max(argument.size * unit, 4), unit };
}

/** Bindings of the optional tensors that are there. */
function present(request: Request, names: Readonly<Record<string, string>>): Record<string, Range> {
  const bindings: Record<string, Range> = {};
  for (const [binding, name] of Object.entries(names)) {
    const argument = request.tensors[name];
    if (!argument) continue;
    const dtype = gpuDType(argument.dtype);
    const whole = binding === "labels" || binding === "mask";
    if (dtype !== "f32" && !whole) {
      fail("DTYPE", `${request.where(name)} has dtype ${dtype}; on the GPU it must be f32`);
    }
    bindings[binding] = inputRange(argument);
  }
  return bindings;
}

/** -100 as the two words of a 64-bit integer, low first. */
function wordsOf(value: number): { ignoreLow: number; ignoreHigh: number } {
  const wide = BigInt(value);
  return {
    ignoreLow: Number(BigInt.asUintN(32, wide)),
    ignoreHigh: Number(BigInt.asUintN(32, wide >> 32n)),
  };
}

/** What the rows bring to their denominators, block by block, and where the denominators go. */
export interface Brought {
  readonly denominator: Denominator;
  /** 0 where there are no partials to read: the constant, or nothing, is the denominator then. */
  readonly blocksPerSegment: number;
  readonly partials: Range;
  readonly totals: Range;
  readonly status: Range;
  /** Class weights are summed too. */
  readonly weighted?: boolean;
}

/** The numbers of a call that settling reads. */
const settledNumbers = ({ numbers }: Request, { value, segments }: Denominator) => ({
  segments,
  denominator: numbers.denominator === undefined ? value : "denominator",
  temperature: numbers.temperature === undefined ? 1 : "temperature",
});

/** Plans the pass that turns partial sums into 1 / denominator for each segment, and writes the status words. */
export function planSettle(
  builder: ProgramBuilder,
  request: Request,
  on: Target,
  { denominator, blocksPerSegment, partials, totals, status, weighted = false }: Brought,
  classes = 0,
): void {
  const { term, segments } = denominator;
  const { lanes, join } = teamOf(on);
  builder.pass({
    kernel: {
      label: "settle",
      parts: [math, settled, settle, join],
      constants: {
        LANES: lanes,
        TERM: terms[term],
        DENOMINATOR_TENSOR: request.tensors.denominator !== undefined,
        TEMPERATURE_TENSOR: request.tensors.temperature !== undefined,
        WEIGHTED: weighted,
      },
      params: {
        segments: "u32",
        blocksPerSegment: "u32",
        classes: "u32",
        denominatorStart: "u32",
        temperatureStart: "u32",
        classWeightsStart: "u32",
        denominator: "f32",
        temperature: "f32",
      },
    },
    bindings: {
      partials,
      ...present(request, { denominator: "denominator", temperature: "temperature" }),
      ...(weighted ? present(request, { classWeights: "weight" }) : {}),
      totals,
      status,
    },
    params: { ...settledNumbers(request, denominator), blocksPerSegment, classes },
    workgroups: 1,
    work: blocksPerSegment * segments * 12,
  });
}

/**
 * Plans the passes before a row kernel: factors of every row, then the denominators. `most` are the rows whose factors the
 * kernel can bind at once.
 */
export function planRows(
  builder: ProgramBuilder,
  request: Request,
  on: Target,
  lossShape: readonly number[],
  labels?: Labels,
  most = Number.MAX_SAFE_INTEGER,
): Rows {
  const rows = sizeOf(lossShape);
  const denominator = denominatorOf(request, lossShape);
  const { term, segment, segments } = denominator;
  const { lanes, teams, join } = teamOf(on);
  const size = blockOf(on, rows);
  const blocksPerSegment = Math.max(Math.ceil(segment / size), 1);
  const blocks = rows === 0 ? 0 : blocksPerSegment * segments;
  const chunks = chunksOf(builder, { rows, segment, size }, most);
  const { mask, upstream, weight } = request.tensors;
  // What one block holds is settled with it; but a kernel has eight bindings, and these would be a ninth.
  const given = request.tensors.denominator ?? request.tensors.temperature;
  const whole = blocks === 1 && given === undefined;
  const partials = whole ? undefined : builder.buffer("partials", blocks * 12);
  const totals = builder.buffer("totals", (segments + 2) * 4);
  const status = builder.buffer("status", statusBytes);
  const made = labels?.made;
  const labelType = labels ? (made ? "u32" : gpuDType(request.get(labels.name).dtype)) : "f32";
  const ignore = made ? 0xffffffff : request.numbers.ignoreIndex;
  const shift = labels?.shift ?? 0;
  const weighted = weight !== undefined && labels !== undefined && !labels.unweighted;
  const kernel: Kernel = {
    label: "prepare",
    parts: [math, maskPiece, settled, prepare, join],
    constants: {
      LANES: lanes,
      TEAMS: teams,
      BLOCK: size,
      WHOLE: whole,
      LABEL_WORDS: labels ? (labelType === "i64" ? 2 : 1) : 0,
      LABEL_SIGNED: labelType !== "u32",
      SHIFTED: shift > 0,
      IGNORES: ignore !== undefined,
      MASKED: mask ? maskCodes[gpuDType(mask.dtype)] : 0,
      SAMPLE_WEIGHTED: request.tensors.sampleWeight !== undefined,
      WEIGHTED: weighted,
      UPSTREAM: upstream ? (upstream.size === 1 ? 1 : 2) : 0,
      TERM: terms[term],
    },
    params: {
      firstBlock: "u32",
      firstRow: "u32",
      blocks: "u32",
      blocksPerSegment: "u32",
      segmentLength: "u32",
      gridWidth: "u32",
      classes: "u32",
      shift: "u32",
      ignoreLow: "u32",
      ignoreHigh: "u32",
      labelsStart: "u32",
      maskStart: "u32",
      sampleWeightStart: "u32",
      upstreamStart: "u32",
      classWeightsStart: "u32",
      segments: "u32",
      upstream: "f32",
      denominator: "f32",
      temperature: "f32",
    },
  };
  const perRow = {
    ...(made ? { labels: made } : labels ? present(request, { labels: labels.name }) : {}),
    ...present(request, { mask: "mask", sampleWeight: "sampleWeight", upstream: "upstream" }),
  };
  for (const [at, { first, count, block, rowInfo }] of chunks.entries()) {
    const turns = (chunks[at + 1]?.block ?? blocks) - block;
    // The label of a row may be its neighbour's, in the next chunk.
    const known = Math.min(count + Math.sign(shift), rows - first);
    const parts = Object.entries(perRow).map(([name, range]) => [
      name,
      name === "upstream" && upstream?.size === 1 ? range : slice(range, first, known),
    ]);
    builder.pass({
      kernel,
      bindings: {
        ...(Object.fromEntries(parts) as typeof perRow),
        ...(weighted ? present(request, { classWeights: "weight" }) : {}),
        rowInfo,
        ...(partials ? { totals: partials } : { totals, status }),
      },
      params: {
        ...settledNumbers(request, denominator),
        firstBlock: block,
        firstRow: first,
        blocks: turns,
        blocksPerSegment,
        segmentLength: segment,
        classes: labels?.classes ?? 0,
        shift,
        upstream: "upstream",
        ...wordsOf(ignore ?? 0),
      },
      workgroups: Math.ceil(turns / teams),
      work: count * 16,
    });
  }
  if (partials) {
    const known = { denominator, blocksPerSegment: rows === 0 ? 0 : blocksPerSegment, weighted };
    planSettle(builder, request, on, { ...known, partials, totals, status }, labels?.classes);
  }
  const rule = labels && !made && !isJudged(request, labels.name);
  builder.status(
    status,
    rule
      ? `of the ${rows} labels in ${request.where(labels.name)} lie outside [0, ${labels.classes})${
          ignore === undefined ? "" : ` and are not ignoreIndex ${ignore}`
        }`
      : undefined,
  );
  const [{ rowInfo }] = chunks as [Chunk];
  return { chunks, rowInfo, totals, status, segments, segmentLength: segment };
}

/** Plans the reduction of the row values and publishes the loss; gives where exp(loss) lies. */
export function planReduction(
  builder: ProgramBuilder,
  request: Request,
  on: Target,
  lossShape: readonly number[],
  values: Range,
  rows: Rows,
): Range {
  const losses = { ...rows, emptyBits: emptyBitsOf(request), counted: false };
  const result = planSum(builder, on, "loss", values, sizeOf(lossShape), losses);
  if (request.reduction === "none") builder.result("loss", values, lossShape);
  else builder.result("loss", result, []);
  return slice(result, 1, 1);
}
