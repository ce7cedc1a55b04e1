import maskPiece from "../../shaders/mask.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import firstSide from "../../shaders/rowFirst.wgsl?raw";
import factors from "../../shaders/segmentFactors.wgsl?raw";
import slopes from "../../shaders/segmentGradients.wgsl?raw";
import join from "../../shaders/segmentJoin.wgsl?raw";
import record from "../../shaders/segmentRecord.wgsl?raw";
import settle from "../../shaders/segmentSettle.wgsl?raw";
import segmentSums from "../../shaders/segmentSums.wgsl?raw";
import segmentEdges from "../../shaders/segments.wgsl?raw";
import segmentValues from "../../shaders/segmentValues.wgsl?raw";
import sum from "../../shaders/sum.wgsl?raw";
import tree from "../../shaders/sumTree.wgsl?raw";
import { denominatorOf } from "../denominator.js";
import { gpuDType } from "../dtype.js";
import type { ReduceGeometry } from "../losses/reduce.js";
import {
  type Pass,
  type Program,
  ProgramBuilder,
  type Range,
  slice,
  statusBytes,
  type Target,
} from "../plan.js";
import type { Request } from "../request.js";
import { sizeOf } from "../tensor.js";
import { gradientStore, plainRange, rowsPerPass, storageOf } from "./rowSlices.js";
import { inputRange, maskCodes } from "./rows.js";
import { BLOCK, emptyBitsOf, lanesOf } from "./sums.js";

const RECORD_BYTES = 28;
/** What a segment's sum is divided by: a constant, its length, the sum of its weights, that of its mask. */
const divisors = { constant: 0, length: 1, weight: 2, mask: 3, classWeight: 3 } as const;

const params = {
  segments: "u32",
  segmentLength: "u32",
  chunks: "u32",
  chunkLength: "u32",
  size: "u32",
  firstLoss: "u32",
  count: "u32",
  gridWidth: "u32",
  emptyBits: "u32",
  firstStart: "u32",
  maskStart: "u32",
  weightsStart: "u32",
  offsetsStart: "u32",
  upstreamStart: "u32",
  denominatorStart: "u32",
  valuesStart: "u32",
  gradientStart: "u32",
  gradientAgainstStart: "u32",
  upstream: "f32",
  denominator: "f32",
  share: "f32",
} as const;

/** How the losses are cut: into segments, and those of one length into chunks. */
interface Cut {
  readonly segments: number;
  readonly length: number;
  readonly chunks: number;
  readonly divisor: number;
  /** The divisor where it is constant and no option. */
  readonly value: number;
}

function cutOf(request: Request, { lossShape, segments }: ReduceGeometry): Cut {
  const { term, value, segment, segments: uniform } = denominatorOf(request, lossShape);
  if (segments === undefined) {
    const chunks = Math.max(Math.ceil(segment / BLOCK), 1);
    return { segments: uniform, length: segment, chunks, divisor: divisors[term], value };
  }
  const { reduction } = request;
  const byLength = reduction === "meanCount" || reduction === "batchMean";
  const divisor = byLength ? divisors.length : divisors[term];
  return { segments, length: 0, chunks: 1, divisor, value: 1 };
}

const present = (ranges: Readonly<Record<string, Range | undefined>>): Record<string, Range> =>
  Object.fromEntries(
    Object.entries(ranges).flatMap(([name, range]) => (range ? [[name, range]] : [])),
  );

/** Constants of all kernels of one reduction. */
function constantsOf({ tensors }: Request, on: Target, divisor: number, storage: number) {
  const { mask, upstream, segments } = tensors;
  const offsets = segments && gpuDType(segments.dtype);
  return {
    LANES: lanesOf(on),
    ROWS: 1,
    FIRST_STORAGE: storage,
    MASKED: mask ? maskCodes[gpuDType(mask.dtype)] : 0,
    WEIGHTED: tensors.weights !== undefined,
    OFFSET_WORDS: offsets ? (offsets === "i64" ? 2 : 1) : 0,
    EACH: !segments && upstream !== undefined && upstream.size !== 1,
    UPSTREAM: upstream ? (upstream.size === 1 ? 1 : 2) : 0,
    TERM: divisor,
    DENOMINATOR_TENSOR: tensors.denominator !== undefined,
    PULLED: divisor === divisors.weight,
  };
}

/**
 * Reductions of losses that are there already, over all of them or segment by segment: sums of chunks, their joining,
 * one pass that divides, and one for the gradients.
 */
export function planReduce(request: Request, geometry: ReduceGeometry, on: Target): Program {
  const { lossShape } = geometry;
  const size = sizeOf(lossShape);
  const builder = new ProgramBuilder("reduce");
  const { tensors, numbers } = request;
  const { segments, length, chunks, divisor, value } = cutOf(request, geometry);
  const isMean = request.reduction === "sequenceMean";
  const constants = constantsOf(request, on, divisor, storageOf(request, "losses"));
  const units = segments * chunks;
  const records = builder.buffer("records", segments * RECORD_BYTES);
  const pieces = chunks > 1 ? builder.buffer("pieces", units * RECORD_BYTES) : records;
  const results = builder.buffer("results", (segments + 1) * 4);
  const shares = builder.buffer("shares", segments * 8);
  const status = builder.buffer("status", statusBytes);
  const step = rowsPerPass(request, on, 1, 4);
  const sizes = { rows: size, step, width: 1 };
  const gradient = gradientStore(builder, request, "losses", lossShape, sizes);
  const gradientAgainst = gradientStore(builder, request, "weights", lossShape, sizes);
  const losses = inputRange(request.get("losses"));
  const upstream = plainRange(request, "upstream");
  const weights = plainRange(request, "weights");
  const mask = tensors.mask && inputRange(tensors.mask);
  const offsets = tensors.segments && inputRange(tensors.segments);
  const shared = {
    segments,
    segmentLength: length,
    chunks,
    chunkLength: BLOCK,
    size,
    emptyBits: emptyBitsOf(request),
    upstream: "upstream",
    denominator: numbers.denominator === undefined ? value : "denominator",
    share: isMean && segments > 0 ? 1 / segments : 1,
  };
  const run = (
    label: string,
    parts: readonly string[],
    bindings: Readonly<Record<string, Range | undefined>>,
    pass: Pick<Pass, "workgroups" | "work"> & { first?: number; count?: number },
    more: Pass["kernel"]["constants"] = {},
  ): void =>
    builder.pass({
      kernel: {
        label: `reduce ${label}`,
        parts: [math, sum, tree, segmentEdges, ...parts],
        constants: { ...constants, ...more },
        params,
      },
      bindings: present(bindings),
      params: { ...shared, firstLoss: pass.first ?? 0, count: pass.count ?? size },
      workgroups: pass.workgroups,
      work: pass.work,
    });
  /** The losses and what each of them counts, in parts that fit a binding. */
  const overLosses = (
    visit: (
      part: { first: number; count: number },
      given: Readonly<Record<string, Range | undefined>>,
      cut: (range: Range) => Range,
    ) => void,
  ): void => {
    for (let first = 0; first < Math.max(size, 1); first += step) {
      const count = Math.min(step, size - first);
      const cut = (range: Range): Range => slice(range, first, count);
      const given = {
        first: cut(losses),
        mask: mask && cut(mask),
        weights: weights && cut(weights),
      };
      visit({ first, count }, given, cut);
    }
  };

  overLosses((part, given, cut) => {
    const each = constants.EACH && upstream ? cut(upstream) : undefined;
    const bindings = { ...given, offsets, upstream: each, records: pieces };
    const parts = [record, firstSide, maskPiece, factors, segmentSums];
    run("sums", parts, bindings, { ...part, workgroups: units, work: part.count * 12 });
  });
  if (chunks > 1) {
    const work = { workgroups: segments, work: units * RECORD_BYTES };
    run("join", [record, join], { chunks: pieces, records }, work);
  }
  const denominator = plainRange(request, "denominator");
  const work = { workgroups: 1, work: segments * RECORD_BYTES };
  const found = { offsets, records, denominator, results, shares, status };
  run("settle", [record, settle], found, work);

  const keeps = request.reduction === "none";
  const values = keeps ? builder.buffer("values", size * 4) : undefined;
  if (values) {
    overLosses((part, given, cut) => {
      const passes = { ...part, workgroups: Math.ceil(part.count / 64), work: part.count * 16 };
      run(
        "values",
        [firstSide, maskPiece, factors, segmentValues],
        { ...given, values: cut(values) },
        passes,
      );
    });
  }
  if (gradient || gradientAgainst) {
    const places = { GRADIENT: gradient !== undefined, GRADIENT_AGAINST: !!gradientAgainst };
    overLosses(({ first, count }, given, cut) => {
      const bindings = {
        ...given,
        offsets,
        shares,
        upstream: constants.EACH && upstream ? cut(upstream) : upstream,
        gradient: gradient?.at(first, count),
        gradientAgainst: gradientAgainst?.at(first, count),
      };
      const pass = { first, count, workgroups: units, work: count * 20 };
      run("gradients", [firstSide, maskPiece, factors, slopes], bindings, pass, places);
      gradient?.finish(first, count);
      gradientAgainst?.finish(first, count);
    });
  }
  const rule = `of the offsets in ${request.where("segments")} do not rise from 0 to ${size}, the number of losses`;
  builder.status(status, offsets && !tensors.segments?.host ? rule : undefined);
  if (values) builder.result("loss", values, lossShape);
  else if (geometry.segments !== undefined && !isMean) {
    builder.result("loss", slice(results, 0, segments), [segments]);
  } else builder.result("loss", slice(results, isMean ? segments : 0, 1), []);
  return builder.build();
}
