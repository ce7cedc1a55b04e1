import anchorsKernel from "../../shaders/anchors.wgsl?raw";
import hookMath from "../../shaders/hookMath.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import pairHookKernel from "../../shaders/pairHook.wgsl?raw";
import pairValues from "../../shaders/pairValues.wgsl?raw";
import partners from "../../shaders/partners.wgsl?raw";
import { gpuDType } from "../dtype.js";
import type { Arrangement, Geometry } from "../families/arrangement.js";
import {
  type Kernel,
  type Program,
  ProgramBuilder,
  type Range,
  slice,
  type Target,
} from "../plan.js";
import type { Request } from "../request.js";
import { directionsOf, planDegenerate } from "./directions.js";
import { blocksOf } from "./product.js";
import { inputRange, planReduction, planRows, type Rows } from "./rows.js";
import { planScales } from "./scales.js";
import {
  planBack,
  planSimilarities,
  type Similarities,
  type Slopes,
  similaritiesOf,
  slopesOf,
} from "./similarities.js";
import { planSum } from "./sums.js";
import { lanesFor, planGradients, planVectors } from "./vectors.js";

const positiveCodes = { diagonal: 0, index: 1, otherView: 2, sameLabel: 3 } as const;

/** Params of shaders/partners.wgsl. */
export const partnerParams: Kernel["params"] = { rows: "u32", half: "u32" };

/** How lines are shared: `count` teams of lanes a line, each with `blocks` blocks of its numbers. */
export interface Chunks {
  readonly count: number;
  readonly blocks: number;
}

/** Teams that keep a GPU busy, the blocks below which a team is not worth it, and those that one loop may take. */
const TEAMS = 1024;
const LEAST_BLOCKS = 128;
const MOST_BLOCKS = 16_384;

/** Long lines are shared by several teams of a GPU where there are few of them. */
export function chunksOf(on: Target, lineBlocks: number, blocks: number): Chunks {
  const spare = on.software ? 1 : Math.ceil(TEAMS / Math.max(lineBlocks, 1));
  const wanted = Math.min(spare, Math.ceil(blocks / LEAST_BLOCKS));
  const teams = Math.max(wanted, Math.ceil(blocks / MOST_BLOCKS), 1);
  const each = Math.max(Math.ceil(blocks / teams), 1);
  return { count: Math.max(Math.ceil(blocks / each), 1), blocks: each };
}

/** The learned option behind the scale of the similarities, where its gradient is asked for. */
export function learnedScale(request: Request, { scale }: Arrangement): string | undefined {
  return typeof scale === "string" && request.gradients[scale] ? scale : undefined;
}

/** What every loss on a matrix of similarities begins with. */
export interface Batch {
  readonly geometry: Geometry;
  readonly context: Rows;
  readonly similarities: Similarities;
  readonly scales: Range;
  /** Gradients of the vectors, in blocks. */
  readonly slopes: Slopes;
  /** Whether a learned scalar wants a gradient. */
  readonly isLearned: boolean;
  /** Header constants and bindings of shaders/partners.wgsl. */
  readonly constants: Readonly<Record<string, number | boolean>>;
  readonly bindings: Readonly<Record<string, Range>>;
  /** 1 / the lengths of rows and columns, as the kernels that write slopes bind them. */
  readonly inverses: Readonly<Record<"leftInverses" | "rightInverses", Range>>;
  /** Plans the last passes, from the slopes to the gradients of the inputs. */
  publishGradients(): void;
}

/** Plans which rows share a label, and which of them take part. */
function planAnchors(
  builder: ProgramBuilder,
  request: Request,
  rows: number,
  negatives: boolean,
): { readonly classes: Range; readonly anchors: Range } {
  const labels = request.get("labels");
  const padded = blocksOf(rows) * 4;
  const classes = builder.buffer("classes", padded * 12);
  const anchors = builder.buffer("anchors", rows * 4);
  builder.pass({
    kernel: {
      label: "anchors",
      parts: [anchorsKernel],
      constants: {
        LABEL_WORDS: gpuDType(labels.dtype) === "i64" ? 2 : 1,
        NEGATIVES: negatives,
      },
      params: { rows: "u32", padded: "u32", labelsStart: "u32", gridWidth: "u32" },
    },
    bindings: { labels: inputRange(labels), classes, anchors },
    params: { rows, padded },
    workgroups: Math.ceil(padded / 64),
    work: rows * rows,
  });
  return { classes, anchors };
}

/** Plans the reading of all vectors and of what is known about rows. */
export function planBatch(
  builder: ProgramBuilder,
  request: Request,
  geometry: Geometry,
  on: Target,
  needsNegatives = false,
): Batch {
  const { arrangement, left: parts, right: columnParts, shared, rows, depth, lossShape } = geometry;
  const { positives, metric, symmetric, scale, bias } = arrangement;
  const scales = planScales(builder, request, scale, bias);
  const found =
    positives === "sameLabel" ? planAnchors(builder, request, rows, needsNegatives) : undefined;
  const classes = columnParts[0]?.rows ?? 0;
  const labels = found
    ? { name: "labels", classes: 1, shift: 0, made: found.anchors }
    : positives === "index"
      ? { name: "targets", classes, shift: 0 }
      : undefined;
  const context = planRows(builder, request, on, lossShape, labels);
  const normalised = metric === "cosine";
  // Where rows are nobody's candidates, those that take no part are never read.
  const rowInfo = shared || symmetric ? undefined : context.rowInfo;
  const left = planVectors(builder, request, on, "left", parts, { depth, normalised, rowInfo });
  const right = shared
    ? left
    : planVectors(builder, request, on, "right", columnParts, { depth, normalised });
  const similarities = similaritiesOf(builder, on, left, right, metric);
  const asked = (list: Geometry["left"]): boolean =>
    list.some(({ name }) => request.gradients[name] !== undefined);
  const wants = { left: asked(parts), right: asked(columnParts) };
  const slopes = slopesOf(builder, similarities, wants);
  const isLearned =
    learnedScale(request, arrangement) !== undefined || request.gradients.bias !== undefined;
  return {
    geometry,
    context,
    similarities,
    scales,
    slopes,
    isLearned,
    constants: {
      POSITIVES: positiveCodes[positives],
      SKIP_SELF: arrangement.skipSelf,
      SKIP_POSITIVE: arrangement.skipPositive,
    },
    bindings: { rowInfo: context.rowInfo, ...(found ? { classes: found.classes } : {}) },
    inverses: { leftInverses: left.inverses, rightInverses: right.inverses },
    publishGradients() {
      if (slopes.left) planGradients(builder, request, on, left, slopes.left);
      if (slopes.right && !shared) planGradients(builder, request, on, right, slopes.right);
    },
  };
}

/** Plans a loss that judges every pair alone: values and slopes in one pass over the similarities. */
export function planPairHook(
  request: Request,
  geometry: Geometry,
  on: Target,
  hook: string,
): Program {
  const builder = new ProgramBuilder(request.spec.name);
  const { arrangement, rows, columns, lossShape } = geometry;
  const batch = planBatch(builder, request, geometry, on);
  const { similarities, context, bindings, inverses, scales, constants, slopes, isLearned } = batch;
  const { tiles, stride, matrix } = similarities;
  const lines = blocksOf(rows) * 4;
  const share = chunksOf(on, tiles[0]?.blocks ?? 0, stride);
  const chunks = share.count;
  const sums = builder.buffer("sums", 3 * chunks * lines * 4);
  const hasGradient = slopes.left !== undefined || slopes.right !== undefined || isLearned;
  const { lanes, joint } = lanesFor(on);
  for (const tile of tiles) {
    planSimilarities(builder, on, similarities, tile);
    builder.pass({
      kernel: {
        label: "pairs",
        parts: [math, hookMath, partners, pairHookKernel, joint, hook],
        constants: {
          ...constants,
          LANES: lanes,
          GRADIENT: hasGradient,
          NORMALISED: similarities.left.normalised,
        },
        params: {
          ...partnerParams,
          columns: "u32",
          ownBlocks: "u32",
          ownFirst: "u32",
          otherBlocks: "u32",
          stride: "u32",
          lines: "u32",
          chunks: "u32",
          chunkBlocks: "u32",
          segmentLength: "u32",
          gridWidth: "u32",
        },
      },
      bindings: {
        ...bindings,
        similarities: matrix,
        scales,
        totals: context.totals,
        sums,
        ...inverses,
      },
      params: {
        rows,
        half: geometry.left[0]?.rows ?? 0,
        columns,
        ownBlocks: tile.blocks,
        ownFirst: tile.firstBlock,
        otherBlocks: stride,
        stride,
        lines,
        chunks,
        chunkBlocks: share.blocks,
        segmentLength: context.segmentLength,
      },
      workgroups: tile.blocks * chunks,
      work: tile.blocks * stride * 256,
    });
    planBack(builder, on, similarities, matrix, slopes, tile);
  }
  const values = builder.buffer("values", rows * 4);
  builder.pass({
    kernel: {
      label: "values",
      parts: [math, pairValues],
      constants: {},
      params: { rows: "u32", lines: "u32", chunks: "u32", gridWidth: "u32" },
    },
    bindings: { rowInfo: context.rowInfo, sums, values },
    params: { rows, lines, chunks },
    workgroups: Math.ceil(rows / 64),
    work: rows * chunks * 4,
  });
  planReduction(builder, request, on, lossShape, values, context);
  batch.publishGradients();
  const plane = chunks * lines;
  for (const [at, name] of [learnedScale(request, arrangement), "bias"].entries()) {
    if (!name || !request.gradients[name]) continue;
    const moments = slice(sums, (at + 1) * plane, plane);
    builder.result(`gradients.${name}`, planSum(builder, on, `${name}Sum`, moments, plane), []);
  }
  planDegenerate(builder, on, context.status, directionsOf(similarities.left, similarities.right));
  return builder.build();
}
