import { exponentials, STEPS } from "./exponentials.js";
import { vectorised } from "./vectorised.js";
import { float64s } from "./webAssembly.js";

/** Float64s that a block takes together: they stay in a core's own cache. */
const BLOCK = 16_384;
/** A module keeps the memory that it once had: longer rows get arrays of their own, and the slower code. */
const LONGEST = 2 ** 20;
/** What stands before the numbers of a row. */
const HEAD = 2;
/** From here on numbers are moved as a whole; to call for that takes fewer longer than to be copied. */
const MANY = 64;

type Numbers = Float32Array | Float64Array;

/** Rows of logits that become exponentials together. Valid until the next block is made: they share one memory. */
export class RowBlock {
  readonly data: Float64Array;
  /** Rows that it has room for. */
  readonly rows: number;
  /** Where the numbers of the first row begin; before them stand its largest, and the sum of the others' exponentials. */
  readonly first: number;
  /** From row to row. */
  readonly pitch: number;
  readonly #classes: number;
  readonly #vectorised: ReturnType<typeof vectorised>;

  constructor(classes: number, rows: number) {
    this.#classes = classes;
    this.pitch = HEAD + classes + (classes % 2);
    this.rows = Math.max(1, Math.min(rows, Math.floor(BLOCK / this.pitch)));
    const size = this.rows * this.pitch;
    const found = size <= LONGEST && vectorised();
    this.#vectorised = found;
    this.first = HEAD + (found ? STEPS : 0);
    if (found) {
      // Pairs are read: of an odd row the last one reaches beyond it.
      this.data = float64s(found.memory, STEPS + size + 1);
    } else this.data = new Float64Array(size);
  }

  /** Copies `rows` rows, which lie together in `from`, to the place of row `row` and those behind it. */
  read(row: number, rows: number, from: ArrayLike<number>, at: number): void {
    const { data, pitch } = this;
    const classes = this.#classes;
    const begin = this.first + row * pitch;
    const count = rows * classes;
    if (this.#vectorised && count >= MANY && from instanceof Float32Array) {
      // They wait at the end of their own place: each leaves it before a wider one comes there.
      const head = 8 * (begin - HEAD);
      const waiting = head + 8 * rows * pitch - 4 * count;
      new Float32Array(data.buffer, waiting, count).set(from.subarray(at, at + count));
      this.#vectorised.widen(waiting, 4 * classes, head, rows, 8 * pitch);
      return;
    }
    for (let i = 0; i < rows; i++) {
      const to = begin + i * pitch;
      const start = at + i * classes;
      for (let c = 0; c < classes; c++) data[to + c] = from[start + c] as number;
    }
  }

  /** Replaces u by exp(u - largest) in the first rows. */
  run(rows: number): void {
    if (rows === 0) return;
    const { data, pitch } = this;
    const head = this.first - HEAD;
    if (this.#classes % 2 === 1) {
      for (let row = 1; row <= rows; row++) data[head - 1 + row * pitch] = Number.NEGATIVE_INFINITY;
    }
    if (this.#vectorised) this.#vectorised.exponentials(8 * head, rows, 8 * pitch);
    else exponentials(data, head, rows, pitch);
  }

  /** Writes rows, each times its factor, to where they lie together in `to`; in the block they are lost. */
  write(row: number, rows: number, factors: Float64Array, to: Numbers, at: number): void {
    const { data, pitch } = this;
    const classes = this.#classes;
    const begin = this.first + row * pitch;
    const count = rows * classes;
    if (this.#vectorised && count >= MANY) {
      for (let i = 0; i < rows; i++) data[begin - HEAD + i * pitch] = factors[row + i] as number;
      const head = 8 * (begin - HEAD);
      if (to instanceof Float32Array) {
        this.#vectorised.scaleToFloat32(head, rows, 8 * pitch, head, 4 * classes);
        to.set(new Float32Array(data.buffer, head, count), at);
      } else {
        this.#vectorised.scale(head, rows, 8 * pitch, head, 8 * classes);
        to.set(data.subarray(head / 8, head / 8 + count), at);
      }
      return;
    }
    for (let i = 0; i < rows; i++) {
      const from = begin + i * pitch;
      const factor = factors[row + i] as number;
      const start = at + i * classes;
      for (let c = 0; c < classes; c++) to[start + c] = factor * (data[from + c] as number);
    }
  }
}

/** Where a row begins: classes that lie apart are those of an image, and its rows are its pixels. */
export function startOf(row: number, classes: number, stride: number): number {
  const image = stride === 1 ? row : Math.floor(row / stride) * stride;
  return image * classes + row - image;
}

/** log(own + others), where the maximum's `own` term is 1, or NaN where it is not finite. */
export function logSumOf(own: number, others: number): number {
  const sum = 1 + others;
  // What the rounding of 1 + others took, the quotient gives back: on a confident row that is all there is.
  return (sum === 1 ? others : Math.log(sum) * (others / (sum - 1))) + (own - 1);
}
