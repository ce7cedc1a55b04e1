import { linearCrossEntropy, type Tensor, tensor } from "../src/index.js";
import { fill, labelsFrom, normalFrom } from "./random.js";

/** A linear layer with rows to judge. */
export interface Layer {
  readonly hidden: Float32Array;
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly labels: Int32Array;
  readonly sizes: readonly [rows: number, classes: number, depth: number];
}

/** Logits of about `scale`. */
export function layerOf(
  rows: number,
  classes: number,
  depth: number,
  { seed = 1, scale = 2 }: { readonly seed?: number; readonly scale?: number } = {},
): Layer {
  const normal = normalFrom(seed);
  const make = (count: number, size: number): Float32Array =>
    Float32Array.from(fill(count, () => size * normal()));
  return {
    hidden: make(rows * depth, scale / Math.sqrt(depth)),
    weight: make(classes * depth, 1),
    bias: make(classes, 1),
    labels: labelsFrom(seed, rows, classes),
    sizes: [rows, classes, depth],
  };
}

type Options = NonNullable<Parameters<typeof linearCrossEntropy>[3]>;
type Storage = "f32" | "f16" | "bf16";

/** The inputs as tensors. */
export function tensorsOf(
  { hidden, weight, sizes: [rows, classes, depth] }: Layer,
  dtype: Storage = "f32",
): readonly [hidden: Tensor, linearWeight: Tensor] {
  return [tensor(hidden, [rows, depth], { dtype }), tensor(weight, [classes, depth], { dtype })];
}

/** Calls the loss with all gradients unless the options say otherwise. */
export function judge(layer: Layer, options: Options & { dtype?: Storage }) {
  const { dtype, ...others } = options;
  const [hidden, weight] = tensorsOf(layer, dtype);
  return linearCrossEntropy(hidden, weight, layer.labels, { gradients: true, ...others });
}
