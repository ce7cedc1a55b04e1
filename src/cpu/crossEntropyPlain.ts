import type { Factors } from "./factors.js";
import { RowBlock } from "./rowBlock.js";
import { logSumOf, startOf } from "./softmaxRow.js";

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

/** From here on a row is copied as a whole; to call for that takes a shorter one longer than to be copied. */
const LONG = 64;

/** Copies the rows that begin at `starts` into the block: class by class where an image has them far apart. */
function gather(
  { data, first, pitch }: RowBlock,
  { z, classes, stride }: PlainRows,
  starts: readonly number[],
): void {
  if (stride > 1) {
    for (let c = 0; c < classes; c++) {
      const to = first + c;
      const from = c * stride;
      for (let i = 0; i < starts.length; i++) {
        data[to + i * pitch] = z[(starts[i] as number) + from] as number;
      }
    }
    return;
  }
  const whole = classes >= LONG && ArrayBuffer.isView(z) ? (z as Float32Array) : undefined;
  for (let i = 0; i < starts.length; i++) {
    const from = starts[i] as number;
    const to = first + i * pitch;
    if (whole) data.set(whole.subarray(from, from + classes), to);
    else for (let c = 0; c < classes; c++) data[to + c] = z[from + c] as number;
  }
}

/** Writes the exponentials times `scales` to where their rows begin. */
function scatter(
  block: RowBlock,
  { classes, stride }: PlainRows,
  starts: readonly number[],
  scales: Float64Array,
  gradient: Numbers,
): void {
  const { data, first, pitch } = block;
  if (stride > 1) {
    for (let c = 0; c < classes; c++) {
      const from = first + c;
      const to = c * stride;
      for (let i = 0; i < starts.length; i++) {
        gradient[(starts[i] as number) + to] =
          (scales[i] as number) * (data[from + i * pitch] as number);
      }
    }
    return;
  }
  for (let i = 0; i < starts.length; i++) {
    const to = starts[i] as number;
    const from = first + i * pitch;
    const scale = scales[i] as number;
    if (classes >= LONG) block.scale(i, scale, gradient, to);
    else {
      for (let c = 0; c < classes; c++) gradient[to + c] = scale * (data[from + c] as number);
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
  const scales = new Float64Array(block.rows);
  const slopes = new Float64Array(block.rows);
  const rows: number[] = [];
  const starts: number[] = [];
  const clear = (start: number): void => {
    if (gradient) for (let c = 0; c < classes; c++) gradient[start + c * stride] = 0;
  };
  for (let next = 0; next < labels.length; ) {
    rows.length = 0;
    starts.length = 0;
    for (; next < labels.length && rows.length < block.rows; next++) {
      const start = startOf(next, classes, stride);
      if (factors.active[next] === 0) clear(start);
      else {
        rows.push(next);
        starts.push(start);
      }
    }
    gather(block, plain, starts);
    block.run(rows.length);
    for (let i = 0; i < rows.length; i++) {
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
      const scale = ((factors.gradient[row] as number) * mass) / sum;
      // On a confident row p - 1 would cancel; the others' mass does not.
      const rest = target === largest ? others : sum - (data[at + label] as number);
      scales[i] = scale;
      slopes[i] = -scale * rest;
    }
    if (gradient === undefined) continue;
    scatter(block, plain, starts, scales, gradient);
    for (let i = 0; i < rows.length; i++) {
      const start = starts[i] as number;
      const row = rows[i] as number;
      gradient[start + (labels[row] as number) * stride] = slopes[i] as number;
      // Nothing is asked of this row, whatever it holds.
      if (factors.gradient[row] === 0) clear(start);
    }
  }
}
