import blockAlone from "../../shaders/blockAlone.wgsl?raw";
import blockShared from "../../shaders/blockShared.wgsl?raw";
import meetProduct from "../../shaders/meetProduct.wgsl?raw";
import meetPulls from "../../shaders/meetPulls.wgsl?raw";
import meetSquares from "../../shaders/meetSquares.wgsl?raw";
import product from "../../shaders/product.wgsl?raw";
import productBlocks from "../../shaders/productBlocks.wgsl?raw";
import productLines from "../../shaders/productLines.wgsl?raw";
import productRows from "../../shaders/productRows.wgsl?raw";
import tiled from "../../shaders/productTiled.wgsl?raw";
import similarity from "../../shaders/similarity.wgsl?raw";
import type { Kernel, ProgramBuilder, Range, Target } from "../plan.js";

/** Rows that a slice of blocks begins at a multiple of, so that it begins at an aligned address. */
export const ALIGNED_ROWS = 16;

/** Numbers in blocks of four. */
export const blocksOf = (count: number): number => Math.ceil(count / 4);
/** Bytes of a block of 4 × 4. */
export const BLOCK_BYTES = 64;

/** How two numbers meet: multiplied, as the square of their difference, or as slope times difference from `own`. */
export type Method = "product" | "squares" | "pulls";
const methods: Readonly<Record<Method, number>> = { product: 0, squares: 1, pulls: 2 };
const meetings: Readonly<Record<Method, string>> = {
  product: meetProduct,
  squares: meetSquares,
  pulls: meetPulls,
};

/**
 * A part of a matrix in blocks: from block `first` on, `stride` blocks from one row of blocks to the next. Of one that lies
 * row by row, four numbers are counted in place of a block, and a row in place of four.
 */
export interface View {
  readonly range: Range;
  readonly inRows?: boolean;
  readonly first?: number;
  readonly stride: number;
  /** Blocks from one matrix of a batch to the next. */
  readonly item?: number;
}

/** What meets, and how many blocks of it. */
interface Sizes {
  readonly method: Method;
  readonly rowBlocks: number;
  readonly columnBlocks: number;
  readonly depthBlocks: number;
  /** Matrices of the batch. */
  readonly items?: number;
}

export interface Product extends Sizes {
  readonly label: string;
  readonly left: View & { readonly turned?: boolean };
  readonly right: Omit<View, "inRows"> & { readonly turned?: boolean };
  readonly product: View;
  /** 1 / the lengths of all rows of both sides, and the blocks of them to begin with: the product is multiplied by them. */
  readonly inverses?: {
    readonly left: Range;
    readonly right: Range;
    readonly leftFirst: number;
    readonly rightFirst: number;
  };
  /** A number per column that is added in the first `rows` rows, to a product that lies row by row. */
  readonly bias?: { readonly range: Range; readonly rows: number; readonly columns: number };
  /** What gradients are of, in blocks like the product's; for the method "pulls". */
  readonly own?: Range;
  /** Adds to what is there. */
  readonly accumulate?: boolean;
}

/** The kernel of a product, and the blocks of a workgroup's tile. */
export interface ProductShape {
  readonly tiled: boolean;
  readonly down: number;
  readonly across: number;
}

/** Steps (a block of the left by one of the right) from which a plain product's tiles of 16 × 8 repay their compilation. */
const MANY_STEPS = 2 ** 18;

/**
 * The choice of kernel by device class and size, in one table. Without a GPU four lanes want many blocks in registers and
 * no barrier; a GPU wants tiles in workgroup memory, and smaller ones where there would be too few workgroups.
 */
function productShape(
  on: Target,
  { method, rowBlocks, columnBlocks, depthBlocks, items = 1 }: Sizes,
): ProductShape {
  if (on.software || on.maxInvocations < 256) {
    const across = Math.min(rowBlocks, columnBlocks) >= 8 ? 8 : 4;
    const isLarge = rowBlocks * columnBlocks * depthBlocks * items >= MANY_STEPS;
    const isTall = isLarge && across === 8 && method === "product";
    return { tiled: false, down: isTall ? 16 : across, across };
  }
  const wideTiles = Math.ceil(rowBlocks / 16) * Math.ceil(columnBlocks / 32) * items;
  return { tiled: true, down: 16, across: wideTiles >= 256 ? 32 : 16 };
}

/**
 * Blocks of depth that are summed before they join the sum of all. With s blocks in parts of p the squares of what numbers
 * of one sign are off by add up as p² / s + s / p, which is least here. A part costs without a GPU a third of a block.
 */
const partOf = (depthBlocks: number): number =>
  Math.max(Math.ceil(Math.cbrt(depthBlocks ** 2 / 2)), 1);

/** Operations that take about as long as a byte of traffic, by device class. */
const OPERATIONS_PER_BYTE = { software: 15, hardware: 250 };
/** Bytes' worth of one pass: about a slice of 50 ms. */
const PASS_BYTES = { software: 20e6, hardware: 1e9 };

const params: Kernel["params"] = {
  rowBlocks: "u32",
  columnBlocks: "u32",
  depthBlocks: "u32",
  part: "u32",
  leftFirst: "u32",
  leftStride: "u32",
  leftItem: "u32",
  rightFirst: "u32",
  rightStride: "u32",
  rightItem: "u32",
  productFirst: "u32",
  productStride: "u32",
  productItem: "u32",
  leftLine: "u32",
  rightLine: "u32",
  tilesAcross: "u32",
  tilesPerItem: "u32",
  firstTile: "u32",
  tiles: "u32",
  gridWidth: "u32",
};

const biasParams: Kernel["params"] = { biasStart: "u32", biasRows: "u32", biasColumns: "u32" };

/** Plans a product of two matrices in blocks, in as many passes as keep the GPU free for others. */
export function planProduct(builder: ProgramBuilder, on: Target, wanted: Product): void {
  const { method, left, right, rowBlocks, columnBlocks, depthBlocks, items = 1 } = wanted;
  const { inverses, bias } = wanted;
  const inRows = wanted.product.inRows === true;
  if (rowBlocks * columnBlocks * items === 0) return;
  const { tiled: isTiled, down, across } = productShape(on, wanted);
  const tilesAcross = Math.ceil(columnBlocks / across);
  const tilesPerItem = Math.ceil(rowBlocks / down) * tilesAcross;
  const tiles = tilesPerItem * items;
  const shares = !isTiled && on.features.has("subgroups");
  const kernel: Kernel = {
    label: wanted.label,
    parts: [
      similarity,
      inRows ? productRows : productBlocks,
      ...(isTiled
        ? [tiled]
        : [product, productLines, meetings[method], shares ? blockShared : blockAlone]),
    ],
    constants: {
      METHOD: methods[method],
      LEFT_TURNED: left.turned === true,
      LEFT_ROWS: left.inRows === true,
      RIGHT_TURNED: right.turned === true,
      ACCUMULATE: wanted.accumulate === true,
      ...(inRows ? { BIASED: bias !== undefined } : { SCALED: inverses !== undefined }),
      ...(isTiled ? { ACROSS: across / 16 } : { DOWN: down, ACROSS: across, SUBGROUPS: shares }),
    },
    params: inRows ? { ...params, ...biasParams } : params,
  };
  const device = on.software ? "software" : "hardware";
  const tileWork = (128 * down * across * Math.max(depthBlocks, 1)) / OPERATIONS_PER_BYTE[device];
  const step = Math.max(Math.floor(PASS_BYTES[device] / tileWork), 1);
  for (let first = 0; first < tiles; first += step) {
    const count = Math.min(step, tiles - first);
    builder.pass({
      kernel,
      bindings: {
        left: left.range,
        right: right.range,
        product: wanted.product.range,
        ...(wanted.own ? { own: wanted.own } : {}),
        ...(inverses ? { leftInverses: inverses.left, rightInverses: inverses.right } : {}),
        ...(bias ? { bias: bias.range } : {}),
      },
      params: {
        rowBlocks,
        columnBlocks,
        depthBlocks,
        part: partOf(depthBlocks),
        leftFirst: left.first ?? 0,
        leftStride: left.stride,
        leftItem: left.item ?? 0,
        rightFirst: right.first ?? 0,
        rightStride: right.stride,
        rightItem: right.item ?? 0,
        productFirst: wanted.product.first ?? 0,
        productStride: wanted.product.stride,
        productItem: wanted.product.item ?? 0,
        leftLine: inverses?.leftFirst ?? 0,
        rightLine: inverses?.rightFirst ?? 0,
        tilesAcross,
        tilesPerItem,
        firstTile: first,
        tiles: first + count,
        ...(bias ? { biasRows: bias.rows, biasColumns: bias.columns } : {}),
      },
      workgroups: count,
      work: Math.ceil(count * tileWork),
    });
  }
}
