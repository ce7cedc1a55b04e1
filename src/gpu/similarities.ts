import distances from "../../shaders/distances.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import type { Metric } from "../families/arrangement.js";
import { type ProgramBuilder, type Range, slice, type Target } from "../plan.js";
import { ALIGNED_ROWS, BLOCK_BYTES, planProduct, type View } from "./product.js";
import { linesPerBinding, type Vectors, vectorLines } from "./vectors.js";

/** Similarities that are held at once, at most; beyond it they are made again for the gradients. */
const MATRIX_BYTES = 256 * 2 ** 20;

/** Some rows of the matrix, all of its columns: what one scratch buffer holds. */
export interface Tile {
  readonly firstBlock: number;
  readonly blocks: number;
  readonly index: number;
}

/** The matrix of similarities, tile by tile in one buffer. */
export interface Similarities {
  readonly left: Vectors;
  readonly right: Vectors;
  readonly metric: Metric;
  readonly matrix: Range;
  /** Blocks of columns; also blocks from one row of blocks to the next. */
  readonly stride: number;
  readonly tiles: readonly Tile[];
}

/** Rows of blocks that one tile holds. */
function tileBlocks(on: Target, left: Vectors, stride: number): number {
  const most = Math.min(on.maxBinding, MATRIX_BYTES);
  const fit = Math.floor(most / (Math.max(stride, 1) * BLOCK_BYTES));
  const held = Math.min(fit, linesPerBinding(on, left.depthBlocks) / 4);
  const aligned = ALIGNED_ROWS / 4;
  return Math.max(Math.floor(held / aligned), 1) * aligned;
}

export function similaritiesOf(
  builder: ProgramBuilder,
  on: Target,
  left: Vectors,
  right: Vectors,
  metric: Metric,
): Similarities {
  const stride = right.rowBlocks;
  const step = tileBlocks(on, left, stride);
  const tiles: Tile[] = [];
  for (let first = 0; first < left.rowBlocks; first += step) {
    const blocks = Math.min(step, left.rowBlocks - first);
    tiles.push({ firstBlock: first, blocks, index: tiles.length });
  }
  const held = Math.min(step, left.rowBlocks) * left.items;
  const matrix = builder.buffer("similarities", held * stride * BLOCK_BYTES);
  return { left, right, metric, matrix, stride, tiles };
}

/** Columns that one binding of the right side's vectors holds, as ranges of blocks. */
function* columnRanges(on: Target, right: Vectors): Generator<{ first: number; blocks: number }> {
  const whole = right.rowBlocks * right.items;
  const step = right.items > 1 ? whole : linesPerBinding(on, right.depthBlocks) / 4;
  for (let first = 0; first < right.rowBlocks; first += step) {
    yield { first, blocks: Math.min(step, right.rowBlocks - first) };
  }
}

/** The vectors of some blocks of rows, as an operand. */
function vectorView(vectors: Vectors, first: number, blocks: number): View {
  const lines = vectors.items > 1 ? vectors.lines : blocks * 4;
  return {
    range: vectorLines(vectors, first * 4, lines),
    stride: vectors.depthBlocks,
    item: vectors.rowBlocks * vectors.depthBlocks,
  };
}

/** Plans the similarities of one tile. */
export function planSimilarities(
  builder: ProgramBuilder,
  on: Target,
  { left, right, metric, matrix, stride }: Similarities,
  tile: Tile,
): void {
  const isProduct = metric === "cosine" || metric === "dot";
  const leftView = vectorView(left, tile.firstBlock, tile.blocks);
  const { items, depth, depthBlocks } = left;
  for (const { first, blocks } of columnRanges(on, right)) {
    const rightView = vectorView(right, first, blocks);
    const inverses = {
      left: left.inverses,
      right: right.inverses,
      leftFirst: tile.firstBlock,
      rightFirst: first,
    };
    planProduct(builder, on, {
      label: "similarities",
      method: isProduct ? "product" : "squares",
      left: leftView,
      right: rightView,
      product: { range: matrix, first, stride, item: tile.blocks * stride },
      ...(left.normalised ? { inverses } : {}),
      rowBlocks: tile.blocks,
      columnBlocks: blocks,
      depthBlocks,
      items,
    });
    if (isProduct) continue;
    builder.pass({
      kernel: {
        label: "distances",
        parts: [math, distances],
        constants: { SQUARED: metric === "squared" },
        params: {
          items: "u32",
          rowBlocks: "u32",
          columnBlocks: "u32",
          firstColumn: "u32",
          stride: "u32",
          depth: "u32",
          depthBlocks: "u32",
          gridWidth: "u32",
        },
      },
      bindings: { left: leftView.range, right: rightView.range, distances: matrix },
      params: {
        items,
        rowBlocks: tile.blocks,
        columnBlocks: blocks,
        firstColumn: first,
        stride,
        depth,
        depthBlocks,
      },
      workgroups: Math.ceil((items * tile.blocks * blocks * 16) / 64),
      work: items * tile.blocks * blocks * BLOCK_BYTES * 2,
    });
  }
}

/** Where the gradients of unit vectors are gathered, tile by tile. */
export interface Slopes {
  readonly left: Range | undefined;
  readonly right: Range | undefined;
}

/** Room for the gradients of the vectors that are asked for. */
export function slopesOf(
  builder: ProgramBuilder,
  { left, right }: Similarities,
  wants: { readonly left: boolean; readonly right: boolean },
): Slopes {
  const room = (vectors: Vectors): Range =>
    builder.buffer(`${vectors.name}Slopes`, vectors.lines * vectors.depthBlocks * 16);
  const toLeft = wants.left ? room(left) : undefined;
  return { left: toLeft, right: left === right ? toLeft : wants.right ? room(right) : undefined };
}

/**
 * Plans the gradients of the vectors from a tile of slopes. With `both` the slopes of a set against itself are those of
 * rows and columns in one, so that one product suffices.
 */
export function planBack(
  builder: ProgramBuilder,
  on: Target,
  similarities: Similarities,
  matrix: Range,
  slopes: Slopes,
  tile: Tile,
  both = false,
): void {
  const { left, right, metric, stride } = similarities;
  const { items, depthBlocks } = left;
  const isProduct = metric === "cosine" || metric === "dot";
  const method = isProduct ? "product" : "pulls";
  const part = (range: Range, first: number, blocks: number, of: Vectors): Range =>
    slice(
      range,
      first * depthBlocks * 16,
      (of.items > 1 ? of.lines / 4 : blocks) * depthBlocks * 16,
    );
  const item = tile.blocks * stride;
  const ranges = [...columnRanges(on, right)];
  const own = (vectors: Vectors, first: number, blocks: number) =>
    isProduct ? {} : { own: vectorView(vectors, first, blocks).range };
  // A set against itself gathers both in one place: columns first, which reach every row.
  const joins = left === right && !both;
  if (slopes.right && !both) {
    for (const { first, blocks } of ranges) {
      planProduct(builder, on, {
        label: "gradient of columns",
        method,
        left: { range: matrix, first, stride, item, turned: true },
        right: { ...vectorView(left, tile.firstBlock, tile.blocks), turned: true },
        product: {
          range: part(slopes.right, first, blocks, right),
          stride: depthBlocks,
          item: right.rowBlocks * depthBlocks,
        },
        ...own(right, first, blocks),
        rowBlocks: blocks,
        columnBlocks: depthBlocks,
        depthBlocks: tile.blocks,
        items,
        accumulate: tile.index > 0,
      });
    }
  }
  if (!slopes.left) return;
  for (const { first, blocks } of ranges) {
    planProduct(builder, on, {
      label: "gradient of rows",
      method,
      left: { range: matrix, first, stride, item },
      right: { ...vectorView(right, first, blocks), turned: true },
      product: {
        range: part(slopes.left, tile.firstBlock, tile.blocks, left),
        stride: depthBlocks,
        item: left.rowBlocks * depthBlocks,
      },
      ...own(left, tile.firstBlock, tile.blocks),
      rowBlocks: tile.blocks,
      columnBlocks: depthBlocks,
      depthBlocks: blocks,
      items,
      accumulate: joins || first > 0,
    });
  }
}
