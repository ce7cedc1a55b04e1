import { exponentials, STEPS } from "./exponentials.js";
import { vectorised } from "./vectorised.js";

/** Float64s that a block takes together: they stay in a core's own cache. */
const BLOCK = 16_384;
/** A module keeps the memory that it once had: longer rows get arrays of their own, and the slower code. */
const LONGEST = 2 ** 20;
const PAGE = 65_536;
/** What stands before the numbers of a row. */
const HEAD = 2;

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
      const { memory } = found;
      const missing = 8 * (STEPS + size) - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
      this.data = new Float64Array(memory.buffer);
    } else this.data = new Float64Array(size);
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

  /** Writes the exponentials of a row, times a factor, from `at` on; in the block they are lost. */
  scale(row: number, factor: number, to: Float32Array | Float64Array, at: number): void {
    const { data } = this;
    const begin = this.first + row * this.pitch;
    const end = begin + this.#classes;
    if (!this.#vectorised) {
      for (let c = begin; c < end; c++) to[at + c - begin] = factor * (data[c] as number);
    } else if (to instanceof Float32Array) {
      this.#vectorised.scaleToFloat32(8 * begin, 8 * end, factor);
      to.set(new Float32Array(data.buffer, 8 * begin, this.#classes), at);
    } else {
      this.#vectorised.scale(8 * begin, 8 * end, factor);
      to.set(data.subarray(begin, end), at);
    }
  }
}
