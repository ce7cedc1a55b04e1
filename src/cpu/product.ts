import code from "./product.wat";
import { float64s, instantiate } from "./webAssembly.js";

/** product.wat, with its memory; addresses are in bytes. */
interface Product {
  readonly memory: WebAssembly.Memory;
  multiply(
    a: number,
    aEnd: number,
    b: number,
    bEnd: number,
    bytes: number,
    out: number,
    step: number,
  ): void;
}

let opened: Product | false | undefined;

/** Float64s that the rows of one side take in a block: both stay in a core's second cache. */
const BLOCK = 32_768;
/** Longer rows are left to the plain code: a module keeps the memory that it once had. */
const LONGEST = 2 ** 17;
const MOST_ROWS = 64;

/** Copies rows from `first` on to where a block begins, an even count of numbers each. */
function load(
  data: Float64Array,
  at: number,
  from: Float64Array,
  first: number,
  rows: number,
  depth: number,
): void {
  if (depth % 2 === 0) {
    data.set(from.subarray(first * depth, (first + rows) * depth), at);
    return;
  }
  for (let row = 0; row < rows; row++) {
    const start = (first + row) * depth;
    const to = at + row * (depth + 1);
    for (let k = 0; k < depth; k++) data[to + k] = from[start + k] as number;
    data[to + depth] = 0;
  }
}

/** A dot product: the even places, then the odd ones, as vectors of two sum them. */
function dot(a: Float64Array, i: number, b: Float64Array, j: number, depth: number): number {
  let even = 0;
  let odd = 0;
  for (let k = 0; k < depth; k += 2) {
    even += (a[i + k] as number) * (b[j + k] as number);
    if (k + 1 < depth) odd += (a[i + k + 1] as number) * (b[j + k + 1] as number);
  }
  return even + odd;
}

/** Dot products of all rows of `a` with all rows of `b`, both of `depth` numbers: rows × columns. */
export function multiply(
  a: Float64Array,
  rows: number,
  b: Float64Array,
  columns: number,
  depth: number,
): Float64Array {
  const out = new Float64Array(rows * columns);
  const pitch = depth + (depth % 2);
  opened ??= instantiate<Product>(code);
  if (!opened || pitch > LONGEST || depth === 0) {
    for (let at = 0, i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) out[at++] = dot(a, i * depth, b, j * depth, depth);
    }
    return out;
  }
  // A multiple of four: where fewer rows are left, what was there before is multiplied too, and not read.
  const side = Math.max(Math.min(MOST_ROWS, Math.floor(BLOCK / pitch / 4) * 4), 4);
  const second = side * pitch;
  const third = 2 * second;
  const data = float64s(opened.memory, third + side * side);
  for (let i = 0; i < rows; i += side) {
    const height = Math.min(side, rows - i);
    load(data, 0, a, i, height, depth);
    for (let j = 0; j < columns; j += side) {
      const width = Math.min(side, columns - j);
      load(data, second, b, j, width, depth);
      const bytes = 8 * pitch;
      opened.multiply(
        0,
        height * bytes,
        8 * second,
        8 * second + width * bytes,
        bytes,
        8 * third,
        8 * side,
      );
      for (let row = 0; row < height; row++) {
        const from = third + row * side;
        out.set(data.subarray(from, from + width), (i + row) * columns + j);
      }
    }
  }
  return out;
}
