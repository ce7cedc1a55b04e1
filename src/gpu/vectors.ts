import alone from "../../shaders/lanesAlone.wgsl?raw";
import tree from "../../shaders/lanesTree.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import rowFirst from "../../shaders/rowFirst.wgsl?raw";
import vectorsKernel from "../../shaders/vectors.wgsl?raw";
import back from "../../shaders/vectorsBack.wgsl?raw";
import type { Part } from "../families/arrangement.js";
import { type ProgramBuilder, type Range, slice, type Target } from "../plan.js";
import type { Request } from "../request.js";
import { ALIGNED_ROWS, blocksOf } from "./product.js";
import { gradientStore, rowsPerPass, storageOf } from "./rowSlices.js";
import { inputRange } from "./rows.js";

/** Vectors in blocks of 4 × 4, with their lengths where `normalised`; beyond the edges are zeros. */
export interface Vectors {
  readonly name: string;
  readonly blocks: Range;
  /** (lines): the power of two that each row is multiplied by, 0 where it has no direction. */
  readonly powers: Range;
  /** (lines): 1 / the length of each row so scaled. */
  readonly inverses: Range;
  readonly normalised: boolean;
  readonly parts: readonly Part[];
  /** Matrices of a batch, each padded to whole blocks. */
  readonly items: number;
  readonly depth: number;
  readonly depthBlocks: number;
  readonly rowBlocks: number;
  /** All rows with those that fill blocks. */
  readonly lines: number;
}

/** Lanes that share a row in the kernels over vectors and similarities, and the piece that joins them. */
export function lanesFor(on: Target): { lanes: number; rows: number; joint: string } {
  return on.software ? { lanes: 1, rows: 4, joint: alone } : { lanes: 32, rows: 4, joint: tree };
}

/** Lines of blocks from `first` (the first of a block) on; the last block is a whole one. */
export function linesOf(blocks: Range, depthBlocks: number, first: number, lines: number): Range {
  return slice(blocks, first * depthBlocks * 4, blocksOf(lines) * depthBlocks * 16);
}

/** The vectors from line `first` on. */
export const vectorLines = (
  { blocks, depthBlocks }: Vectors,
  first: number,
  lines: number,
): Range => linesOf(blocks, depthBlocks, first, lines);

/** Lines of vectors that one binding holds. */
export function linesPerBinding(on: Target, depthBlocks: number): number {
  const lines = Math.floor(on.maxBinding / (Math.max(depthBlocks, 1) * 16));
  return Math.max(Math.floor(lines / ALIGNED_ROWS), 1) * ALIGNED_ROWS;
}

export interface VectorOptions {
  readonly depth: number;
  readonly normalised: boolean;
  /** Rows that this says are skipped are never read. */
  readonly rowInfo?: Range | undefined;
  /** Matrices of a batch: `parts` is one, whose `rows` are those of a matrix. */
  readonly items?: number;
  /** The matrix of the batch to begin with. */
  readonly firstItem?: number;
}

/** Plans the reading of vectors into blocks. */
export function planVectors(
  builder: ProgramBuilder,
  request: Request,
  on: Target,
  name: string,
  parts: readonly Part[],
  { depth, normalised, rowInfo, items = 1, firstItem = 0 }: VectorOptions,
): Vectors {
  const depthBlocks = blocksOf(depth);
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const rowBlocks = blocksOf(rows);
  const lines = rowBlocks * 4 * items;
  const blocks = builder.buffer(`${name}Blocks`, lines * depthBlocks * 16);
  const powers = builder.buffer(`${name}Powers`, lines * 4);
  const inverses = builder.buffer(`${name}Inverses`, lines * 4);
  const shape = { name, blocks, powers, inverses, normalised, parts, items, depth, depthBlocks };
  const vectors: Vectors = { ...shape, rowBlocks, lines };
  const { lanes, rows: together, joint } = lanesFor(on);
  for (const part of parts) {
    const isLast = part === parts.at(-1);
    const input = inputRange(request.get(part.name));
    // What fills the last block is written with the last part.
    const padded = isLast ? rowBlocks * 4 - part.first : part.rows;
    const all = padded * items;
    const most = Math.min(
      rowsPerPass(request, on, depth, 4),
      linesPerBinding(on, depthBlocks) - 16,
    );
    const step = items > 1 ? all : Math.max(most, 1);
    for (let first = 0; first < all; first += step) {
      const count = Math.min(step, all - first);
      const from = part.first + first;
      const bound = Math.floor(from / ALIGNED_ROWS) * ALIGNED_ROWS;
      const given = items > 1 ? part.rows : Math.max(Math.min(count, part.rows - first), 0);
      builder.pass({
        kernel: {
          label: "vectors",
          parts: [math, rowFirst, vectorsKernel, joint],
          constants: {
            LANES: lanes,
            ROWS: together,
            FIRST_STORAGE: storageOf(request, part.name),
            NORMALISED: normalised,
            SKIPS: rowInfo !== undefined,
          },
          params: {
            rows: "u32",
            padded: "u32",
            items: "u32",
            depth: "u32",
            depthBlocks: "u32",
            firstRow: "u32",
            boundRow: "u32",
            firstStart: "u32",
            gridWidth: "u32",
          },
        },
        bindings: {
          first: slice(
            input,
            (firstItem * part.rows + Math.min(first, Math.max(part.rows - 1, 0))) * depth,
            given * items * depth,
          ),
          blocks: vectorLines(vectors, bound, from + count - bound),
          powers,
          inverses,
          ...(rowInfo ? { rowInfo } : {}),
        },
        params: {
          rows: given,
          padded: items > 1 ? padded : count,
          items,
          depth,
          depthBlocks,
          firstRow: from,
          boundRow: bound,
        },
        workgroups: Math.ceil(count / together),
        work: count * depth * 12,
      });
    }
  }
  return vectors;
}

/** Plans the way of gradients from the blocks of vectors to the tensors they came from, and publishes them. */
export function planGradients(
  builder: ProgramBuilder,
  request: Request,
  on: Target,
  vectors: Vectors,
  slopes: Range,
  stores: GradientStores = gradientStores(builder, request, on, vectors),
  firstItem = 0,
): void {
  const { powers, inverses, normalised, parts, items, depth, depthBlocks, lines } = vectors;
  if (stores.size === 0) return;
  const slopeLines = (first: number, count: number): Range =>
    linesOf(slopes, depthBlocks, first, count);
  const { lanes, rows: together, joint } = lanesFor(on);
  for (const part of parts) {
    const store = stores.get(part.name);
    if (!store) continue;
    const rows = part.rows * items;
    const padded = items > 1 ? lines / items : part.rows;
    const step = items > 1 ? rows : stepOf(request, on, vectors);
    for (let first = 0; first < rows; first += step) {
      const count = Math.min(step, rows - first);
      const from = part.first + first;
      const bound = Math.floor(from / ALIGNED_ROWS) * ALIGNED_ROWS;
      const covered = items > 1 ? lines : from + count - bound;
      const at = firstItem * part.rows + first;
      builder.pass({
        kernel: {
          label: "gradient of vectors",
          parts: [math, back, joint],
          constants: { LANES: lanes, ROWS: together, NORMALISED: normalised },
          params: {
            count: "u32",
            rows: "u32",
            padded: "u32",
            depth: "u32",
            depthBlocks: "u32",
            firstRow: "u32",
            boundRow: "u32",
            gradientStart: "u32",
            gridWidth: "u32",
          },
        },
        bindings: {
          vectors: vectorLines(vectors, bound, covered),
          slopes: slopeLines(bound, covered),
          powers,
          inverses,
          gradient: store.at(at, count),
        },
        params: {
          count,
          rows: items > 1 ? part.rows : count,
          padded: items > 1 ? padded : count,
          depth,
          depthBlocks,
          firstRow: from,
          boundRow: bound,
        },
        workgroups: Math.ceil(count / together),
        work: count * depth * 20,
      });
      store.finish(at, count);
    }
  }
}

export type GradientStores = ReadonlyMap<string, NonNullable<ReturnType<typeof gradientStore>>>;

const stepOf = (request: Request, on: Target, { depth, depthBlocks }: Vectors): number =>
  Math.max(
    Math.min(
      rowsPerPass(request, on, Math.max(depth, 1), 4),
      linesPerBinding(on, depthBlocks) - ALIGNED_ROWS,
    ),
    1,
  );

/** Plans where the gradients of all wanted parts go. */
export function gradientStores(
  builder: ProgramBuilder,
  request: Request,
  on: Target,
  vectors: Vectors,
  batch = vectors.items,
): GradientStores {
  const stores = new Map<string, NonNullable<ReturnType<typeof gradientStore>>>();
  for (const { name, rows } of vectors.parts) {
    const shape = request.get(name).shape ?? [rows, vectors.depth];
    const step = vectors.items > 1 ? rows * vectors.items : stepOf(request, on, vectors);
    const sizes = { rows: rows * batch, step, width: vectors.depth };
    const store = gradientStore(builder, request, name, shape, sizes);
    if (store) stores.set(name, store);
  }
  return stores;
}
