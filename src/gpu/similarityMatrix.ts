import math from "../../shaders/math.wgsl?raw";
import outKernel from "../../shaders/matrixOut.wgsl?raw";
import slopesKernel from "../../shaders/matrixSlopes.wgsl?raw";
import type { MatrixGeometry } from "../losses/similarityMatrix.js";
import {
  type Program,
  ProgramBuilder,
  type Range,
  slice,
  statusBytes,
  type Target,
} from "../plan.js";
import type { Request } from "../request.js";
import { directionsOf, planDegenerate } from "./directions.js";
import { BLOCK_BYTES, blocksOf } from "./product.js";
import { plainRange } from "./rowSlices.js";
import { planScales } from "./scales.js";
import {
  planBack,
  planSimilarities,
  type Similarities,
  similaritiesOf,
  slopesOf,
  type Tile,
} from "./similarities.js";
import { planSum } from "./sums.js";
import {
  type GradientStores,
  gradientStores,
  lanesFor,
  planGradients,
  planVectors,
} from "./vectors.js";

const metricCodes = { cosine: 0, euclidean: 1, dot: 2, squared: 1 } as const;

/** Matrices of the batch that are made together: as many as one binding of everything holds. */
function itemsTogether(on: Target, { batch, rows, columns, depth }: MatrixGeometry): number {
  const [down, across, deep] = [rows, columns, depth].map(blocksOf) as [number, number, number];
  const largest = Math.max(down * across, down * deep, across * deep) * BLOCK_BYTES;
  const fit = Math.floor((on.maxBinding - on.alignment) / Math.max(largest, 1));
  return Math.max(Math.min(fit, batch), 1);
}

/** What all groups of matrices share. */
interface Frame {
  readonly builder: ProgramBuilder;
  readonly request: Request;
  readonly on: Target;
  readonly geometry: MatrixGeometry;
  readonly scales: Range;
  readonly output: Range;
  /** (2, lines): what the scale and the bias learn from each row. */
  readonly sums: Range | undefined;
  readonly lines: number;
}

/** Plans the numbers of one tile as the caller reads them. */
function planOutput(
  { builder, on, geometry, scales, output }: Frame,
  { left, matrix, stride }: Similarities,
  tile: Tile,
  firstItem: number,
): void {
  const { rows, columns } = geometry;
  const { items } = left;
  const firstRow = tile.firstBlock * 4;
  const count = items > 1 ? rows : Math.min(tile.blocks * 4, rows - firstRow);
  // The caller's rows are not padded: a tile's numbers lie in one piece, but may exceed a binding.
  const step = Math.max(Math.floor((on.maxBinding - on.alignment) / (Math.max(columns, 1) * 4)), 1);
  const together = items > 1 ? count : Math.floor(step / 4) * 4 || step;
  for (let first = 0; first < count; first += together) {
    const some = Math.min(together, count - first);
    const start = (firstItem * rows + firstRow + first) * columns;
    const size = items * some * columns;
    const across = blocksOf(columns);
    const down = blocksOf(first + some) - Math.floor(first / 4);
    builder.pass({
      kernel: {
        label: "similarity matrix",
        parts: [outKernel],
        constants: {},
        params: {
          batch: "u32",
          rows: "u32",
          columns: "u32",
          down: "u32",
          across: "u32",
          firstRow: "u32",
          rowBlocks: "u32",
          columnBlocks: "u32",
          scoresStart: "u32",
          gridWidth: "u32",
        },
      },
      bindings: { similarities: matrix, scales, scores: slice(output, start, size) },
      params: {
        batch: items,
        rows: some,
        columns,
        down,
        across,
        firstRow: first,
        rowBlocks: tile.blocks,
        columnBlocks: stride,
      },
      workgroups: Math.ceil((items * down * across) / 64),
      work: size * 8,
    });
  }
}

/** Plans the slopes of one tile, over the similarities. */
function planSlopes(
  { builder, request, on, geometry, scales, sums, lines }: Frame,
  { left, right, matrix, stride }: Similarities,
  tile: Tile,
  firstItem: number,
  firstLine: number,
): void {
  const { rows, columns, metric } = geometry;
  const { lanes, rows: together, joint } = lanesFor(on);
  const upstream = plainRange(request, "upstream");
  const single = request.tensors.upstream?.size === 1;
  const firstRow = tile.firstBlock * 4;
  const count = left.items > 1 ? rows : Math.min(tile.blocks * 4, rows - firstRow);
  const start = (firstItem * rows + firstRow) * columns;
  const given =
    upstream && (single ? upstream : slice(upstream, start, left.items * count * columns));
  const tileLines = left.items * tile.blocks * 4;
  builder.pass({
    kernel: {
      label: "slopes of the matrix",
      parts: [math, slopesKernel, joint],
      constants: {
        LANES: lanes,
        LINES: together,
        METRIC: metricCodes[metric],
        UPSTREAM: upstream ? (single ? 1 : 2) : 0,
      },
      params: {
        batch: "u32",
        rows: "u32",
        columns: "u32",
        rowBlocks: "u32",
        columnBlocks: "u32",
        leftLine: "u32",
        firstLine: "u32",
        planeLength: "u32",
        upstreamStart: "u32",
        gridWidth: "u32",
        upstream: "f32",
      },
    },
    bindings: {
      similarities: matrix,
      scales,
      leftInverses: left.inverses,
      rightInverses: right.inverses,
      ...(given ? { upstream: given } : {}),
      ...(sums ? { sums } : {}),
    },
    params: {
      batch: left.items,
      rows: count,
      columns,
      rowBlocks: tile.blocks,
      columnBlocks: stride,
      leftLine: firstRow,
      firstLine: firstLine + firstRow,
      planeLength: lines,
      upstream: "upstream",
    },
    workgroups: Math.ceil(tileLines / together),
    work: tileLines * columns * 12,
  });
}

/** Plans the matrix of similarities of two sets of vectors, or a batch of such matrices. */
export function planSimilarityMatrix(
  request: Request,
  geometry: MatrixGeometry,
  on: Target,
): Program {
  const builder = new ProgramBuilder("similarityMatrix");
  const { batch, rows, columns, depth, metric, shape } = geometry;
  const normalised = metric === "cosine";
  const output = builder.buffer("output", batch * rows * columns * 4);
  const status = builder.buffer("status", statusBytes);
  const scales = planScales(builder, request, "scale", "bias");
  const lines = batch * blocksOf(rows) * 4;
  const wants = {
    left: request.gradients.a !== undefined,
    right: request.gradients.b !== undefined,
  };
  const learned = ["scale", "bias"].filter((name) => request.gradients[name]);
  const hasGradient = wants.left || wants.right || learned.length > 0;
  const sums = hasGradient ? builder.buffer("sums", lines * 8) : undefined;
  const frame: Frame = { builder, request, on, geometry, scales, output, sums, lines };
  const step = itemsTogether(on, geometry);
  let stores: { a: GradientStores; b: GradientStores } | undefined;
  for (let first = 0; first < batch; first += step) {
    const items = Math.min(step, batch - first);
    const options = { depth, normalised, items, firstItem: first };
    const partOf = (name: string, count: number) => [{ name, first: 0, rows: count }];
    const left = planVectors(builder, request, on, "left", partOf("a", rows), options);
    const right = planVectors(builder, request, on, "right", partOf("b", columns), options);
    const similarities = similaritiesOf(builder, on, left, right, metric);
    const slopes = slopesOf(builder, similarities, wants);
    stores ??= {
      a: gradientStores(builder, request, on, left, batch),
      b: gradientStores(builder, request, on, right, batch),
    };
    for (const tile of similarities.tiles) {
      planSimilarities(builder, on, similarities, tile);
      planOutput(frame, similarities, tile, first);
      if (!hasGradient) continue;
      planSlopes(frame, similarities, tile, first, first * blocksOf(rows) * 4);
      planBack(builder, on, similarities, similarities.matrix, slopes, tile);
    }
    if (slopes.left) planGradients(builder, request, on, left, slopes.left, stores.a, first);
    if (slopes.right) planGradients(builder, request, on, right, slopes.right, stores.b, first);
    const order = first === 0 ? { numbers: batch * rows * columns } : { more: true };
    planDegenerate(builder, on, status, directionsOf(left, right), order);
  }
  for (const name of learned) {
    const plane = slice(sums as Range, name === "scale" ? 0 : lines, lines);
    builder.result(`gradients.${name}`, planSum(builder, on, `${name}Sum`, plane, lines), []);
  }
  builder.result("output", output, shape);
  builder.status(status);
  return builder.build();
}
