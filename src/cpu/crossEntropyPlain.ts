import type { Factors } from "./factors.js";
import { logSumOf, RowBlock, startOf } from "./rowBlock.js";

/** What the rows of a plain cross-entropy are: class numbers, no option that touches the logits, no outputs. */
export interface PlainRows {
  readonly z: ArrayLike<number>;
  readonly labels: Int32Array;
  readonly classes: number;
  readonly stride: number;
  /** Weight of each class; without it all weigh 1. */
  readonly weight: ArrayLike<number> | undefined;
  readonly factors: Factors;
}

type Numbers = Float32Array | Float64Array;

/** Rows that are computed together. */
interface Batch {
  readonly block: RowBlock;
  /** How many there are. */
  count: number;
  readonly rows: Uint32Array;
  /** Where each of them begins. */
  readonly starts: Float64Array;
  /** What its exponentials are multiplied by. */
  readonly scales: Float64Array;
}

/** Visits each run of rows that follow one another: they lie together. */
function forRuns({ rows, count }: Batch, visit: (at: number, length: number) => void): void {
  for (let at = 0; at < count; ) {
    let next = at + 1;
    while (next < count && rows[next] === (rows[next - 1] as number) + 1) next += 1;
    visit(at, next - at);
    at = next;
  }
}

/** Copies the rows into the block: class by class where an image has them far apart. */
function gather(batch: Batch, { z, classes, stride }: PlainRows): void {
  const { block, starts, count } = batch;
  if (stride === 1) {
    forRuns(batch, (at, length) => block.read(at, length, z, starts[at] as number));
    return;
  }
  const { data, first, pitch } = block;
  for (let c = 0; c < classes; c++) {
    const to = first + c;
    const from = c * stride;
    for (let i = 0; i < count; i++) {
      data[to + i * pitch] = z[(starts[i] as number) + from] as number;
    }
  }
}

/** Writes the exponentials times their scales to where the rows come from. */
function scatter(batch: Batch, { classes, stride }: PlainRows, gradient: Numbers): void {
  const { block, starts, scales, count } = batch;
  if (stride === 1) {
    forRuns(batch, (at, length) => block.write(at, length, scales, gradient, starts[at] as number));
    return;
  }
  const { data, first, pitch } = block;
  for (let c = 0; c < classes; c++) {
    const from = first + c;
    const to = c * stride;
    for (let i = 0; i < count; i++) {
      gradient[(starts[i] as number) + to] =
        (scales[i] as number) * (data[from + i * pitch] as number);
    }
  }
}

/** Values and gradients of all rows, a block of them at a time. */
export function plainRows(
  plain: PlainRows,
  values: Float64Array,
  gradient: Numbers | undefined,
): void {
  const { z, labels, classes, stride, weight, factors } = plain;
  const block = new RowBlock(classes, labels.length);
  const { data, first, pitch } = block;
  const rows = new Uint32Array(block.rows);
  const starts = new Float64Array(block.rows);
  const scales = new Float64Array(block.rows);
  const batch: Batch = { block, count: 0, rows, starts, scales };
  const slopes = new Float64Array(block.rows);
  const clear = (start: number): void => {
    if (gradient) for (let c = 0; c < classes; c++) gradient[start + c * stride] = 0;
  };
  for (let next = 0; next < labels.length; ) {
    let count = 0;
    for (; next < labels.length && count < block.rows; next++) {
      const start = startOf(next, classes, stride);
      if (factors.active[next] === 0) clear(start);
      else {
        rows[count] = next;
        starts[count++] = start;
      }
    }
    batch.count = count;
    gather(batch, plain);
    block.run(count);
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number;
      const label = labels[row] as number;
      const at = first + i * pitch;
      const largest = data[at - 2] as number;
      const others = data[at - 1] as number;
      // The largest one's own term: 1, or NaN where it is not finite.
      const own = largest - largest + 1;
      const sum = own + others;
      const mass = weight ? (weight[label] as number) : 1;
      const target = z[(starts[i] as number) + label * stride] as number;
      const cost = largest - target + logSumOf(own, others);
      // 0 log 0 is 0.
      const loss = mass === 0 && cost === Number.POSITIVE_INFINITY ? 0 : mass * cost;
      values[row] = (factors.value[row] as number) * loss;
      if (!gradient) continue;
      const scale = ((factors.gradient[row] as number) * mass) / sum;
      // On a confident row p - 1 would cancel; the others' mass does not.
      const rest = target === largest ? others : sum - (data[at + label] as number);
      scales[i] = scale;
      slopes[i] = -scale * rest;
    }
    if (gradient === undefined) continue;
    scatter(batch, plain, gradient);
    for (let i = 0; i < count; i++) {
      const start = starts[i] as number;
      const row = rows[i] as number;
      gradient[start + (labels[row] as number) * stride] = slopes[i] as number;
      // Nothing is asked of this row, whatever it holds.
      if (factors.gradient[row] === 0) clear(start);
    }
  }
}
