import contrast from "../../shaders/contrast.wgsl?raw";
import scan from "../../shaders/contrastScan.wgsl?raw";
import slopesKernel from "../../shaders/contrastSlopes.wgsl?raw";
import verdictKernel from "../../shaders/contrastVerdict.wgsl?raw";
import exp2 from "../../shaders/exp2.wgsl?raw";
import expLog from "../../shaders/expLog.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import partners from "../../shaders/partners.wgsl?raw";
import type { Geometry } from "../families/arrangement.js";
import { type Program, ProgramBuilder, type Range, slice, type Target } from "../plan.js";
import type { Request } from "../request.js";
import { directionsOf, planDegenerate } from "./directions.js";
import {
  type Batch,
  type Chunks,
  chunksOf,
  learnedScale,
  partnerParams,
  planBatch,
} from "./pairwise.js";
import { blocksOf } from "./product.js";
import { planReduction } from "./rows.js";
import { planBack, planSimilarities, type Tile } from "./similarities.js";
import { planSum } from "./sums.js";
import { lanesFor } from "./vectors.js";

/** Numbers of a scan of a line, and of what its slopes are made of. */
const SCAN_PLANES = 6;
const VERDICT_PLANES = 5;
/** Per-row outputs in the order of their bits in OUTPUTS. */
const planes = ["positiveProbability", "correct"] as const;

interface Lines {
  readonly turned: boolean;
  readonly scans: Range;
  readonly lines: number;
  readonly share: Chunks;
}

/** Plans the scan of the rows, or of the columns, of one tile. */
function planScan(
  builder: ProgramBuilder,
  on: Target,
  { constants, similarities, bindings, scales, geometry }: Batch,
  tile: Tile,
  { turned, scans, lines, share }: Lines,
): void {
  const { lanes, joint } = lanesFor(on);
  const { stride, matrix } = similarities;
  const ownBlocks = turned ? stride : tile.blocks;
  const otherBlocks = turned ? tile.blocks : stride;
  const chunks = Math.ceil(otherBlocks / share.blocks);
  builder.pass({
    kernel: {
      label: turned ? "scan of columns" : "scan of rows",
      parts: [math, exp2, partners, contrast, scan, joint],
      constants: { ...constants, LANES: lanes, TURNED: turned },
      params: {
        ...partnerParams,
        ownBlocks: "u32",
        ownFirst: "u32",
        others: "u32",
        otherBlocks: "u32",
        otherFirst: "u32",
        stride: "u32",
        lines: "u32",
        chunkBlocks: "u32",
        joins: "u32",
        gridWidth: "u32",
      },
    },
    bindings: { ...bindings, similarities: matrix, scales, scans },
    params: {
      rows: geometry.rows,
      half: geometry.left[0]?.rows ?? 0,
      ownBlocks,
      ownFirst: turned ? 0 : tile.firstBlock,
      others: turned ? geometry.rows : geometry.columns,
      otherBlocks,
      otherFirst: turned ? tile.firstBlock : 0,
      stride,
      lines,
      chunkBlocks: share.blocks,
      // Columns run through all tiles: each adds to what those before it have found.
      joins: turned ? Number(tile.index > 0) : 0,
    },
    workgroups: ownBlocks * chunks,
    work: ownBlocks * otherBlocks * 128,
  });
}

/** Plans a softmax over each row of similarities, and over each column where symmetric. */
export function planContrast(request: Request, geometry: Geometry, on: Target): Program {
  const builder = new ProgramBuilder(request.spec.name);
  const { arrangement, rows, columns, lossShape, shared } = geometry;
  const { symmetric, skipSelf } = arrangement;
  const batch = planBatch(builder, request, geometry, on);
  const { similarities, context, bindings, inverses, scales, constants, slopes, isLearned } = batch;
  const { tiles, stride, matrix } = similarities;
  const lines = blocksOf(rows) * 4;
  const share = chunksOf(on, tiles[0]?.blocks ?? 0, stride);
  const chunks = share.count;
  const scans = builder.buffer("scans", chunks * SCAN_PLANES * lines * 4);
  const columnShare = chunksOf(on, stride, tiles[0]?.blocks ?? 0);
  const columnChunks = columnShare.count;
  const columnScans = symmetric
    ? builder.buffer("columnScans", columnChunks * SCAN_PLANES * lines * 4)
    : undefined;
  for (const tile of tiles) {
    planSimilarities(builder, on, similarities, tile);
    planScan(builder, on, batch, tile, { turned: false, scans, lines, share });
    if (columnScans)
      planScan(builder, on, batch, tile, {
        turned: true,
        scans: columnScans,
        lines,
        share: columnShare,
      });
  }

  const wanted = planes.filter((name) => request.outputs.has(name));
  const values = builder.buffer("values", (1 + wanted.length) * rows * 4);
  const verdicts = builder.buffer("verdicts", 2 * VERDICT_PLANES * lines * 4);
  builder.pass({
    kernel: {
      label: "verdicts",
      parts: [math, expLog, partners, contrast, verdictKernel],
      constants: {
        ...constants,
        LANES: 1,
        SYMMETRIC: symmetric,
        OUTPUTS: planes.reduce(
          (sum, name, at) => sum | (request.outputs.has(name) ? 1 << at : 0),
          0,
        ),
      },
      params: {
        ...partnerParams,
        lines: "u32",
        chunks: "u32",
        columnChunks: "u32",
        segmentLength: "u32",
        gridWidth: "u32",
      },
    },
    bindings: {
      ...bindings,
      totals: context.totals,
      scales,
      scans,
      ...(columnScans ? { columnScans } : {}),
      values,
      verdicts,
    },
    params: {
      rows,
      half: geometry.left[0]?.rows ?? 0,
      lines,
      chunks,
      columnChunks,
      segmentLength: context.segmentLength,
    },
    workgroups: Math.ceil(lines / 64),
    work: lines * (chunks + columnChunks) * 24,
  });
  const power = planReduction(builder, request, on, lossShape, slice(values, 0, rows), context);
  for (const [at, name] of wanted.entries()) {
    builder.result(name, slice(values, (at + 1) * rows, rows), lossShape);
  }

  if (slopes.left || slopes.right || isLearned) {
    const moments = builder.buffer("moments", chunks * lines * 4);
    const { lanes, joint } = lanesFor(on);
    const both = symmetric || shared;
    for (const tile of tiles) {
      // One tile is still there; of several only the last is.
      if (tiles.length > 1) planSimilarities(builder, on, similarities, tile);
      builder.pass({
        kernel: {
          label: "slopes",
          parts: [math, exp2, partners, slopesKernel, joint],
          constants: {
            ...constants,
            LANES: lanes,
            BOTH: both,
            SHARED: shared,
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
            chunkBlocks: "u32",
            gridWidth: "u32",
          },
        },
        bindings: { ...bindings, similarities: matrix, scales, verdicts, moments, ...inverses },
        params: {
          rows,
          half: geometry.left[0]?.rows ?? 0,
          columns,
          ownBlocks: tile.blocks,
          ownFirst: tile.firstBlock,
          otherBlocks: stride,
          stride,
          lines,
          chunkBlocks: share.blocks,
        },
        workgroups: tile.blocks * chunks,
        work: tile.blocks * stride * 192,
      });
      planBack(builder, on, similarities, matrix, slopes, tile, shared);
    }
    batch.publishGradients();
    const rule = learnedScale(request, arrangement);
    if (rule) {
      const sum = planSum(builder, on, `${rule}Sum`, moments, chunks * lines);
      builder.result(`gradients.${rule}`, sum, []);
    }
  }
  const directions = directionsOf(similarities.left, similarities.right);
  if (request.outputs.has("mutualInformation")) {
    const result = builder.buffer("mutualInformation", 4);
    builder.result("mutualInformation", result, []);
    // The loss lies before its exponential, where its buffer begins.
    const bound = { loss: { ...power, offset: 0 }, candidates: columns - Number(skipSelf), result };
    planDegenerate(builder, on, context.status, directions, { bound });
  } else if (directions.length > 0) {
    planDegenerate(builder, on, context.status, directions);
  }
  return builder.build();
}
