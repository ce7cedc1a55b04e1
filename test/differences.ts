import type { Backend } from "../src/backend/index.js";
import { type LossResult, type Tensor, tensor } from "../src/index.js";

type Loss = (...args: never[]) => Promise<LossResult>;
type Named = Readonly<Record<string, unknown>>;

/** A float64 tensor to differentiate by. */
export const f64 = (data: ArrayLike<number>, shape: readonly number[]): Tensor =>
  tensor(Float64Array.from(data), shape);

/** What a gradient is checked on: the inputs in order, the options, and the objective's other factor. */
export interface Differentiable {
  readonly inputs: Named;
  readonly options: Named;
  /** Options of the runs that only take values, where the gradient's own would not do (`upstream`). */
  readonly valueOptions?: Named;
  /** What the values are multiplied by in the objective: one number, or one per loss. */
  readonly factor?: number | Float64Array;
}

/**
 * Relative L2 distance between the gradient that a loss reports and central differences of its value.
 * `name` is an input, or an option that holds a tensor.
 */
export async function differenceError(
  loss: Loss,
  backend: Backend,
  name: string,
  { inputs, options, valueOptions = options, factor = 1 }: Differentiable,
): Promise<number> {
  const run = (values: Named, others: Named): Promise<LossResult> =>
    loss(...([...Object.values(values), { ...others, backend }] as never[]));
  const isInput = name in inputs;
  const point = (isInput ? inputs[name] : options[name]) as Tensor;
  const start = (await point.read()) as Float64Array;

  const objective = async (moved: Float64Array): Promise<number> => {
    const at = { [name]: f64(moved, point.shape) };
    const result = isInput
      ? await run({ ...inputs, ...at }, valueOptions)
      : await run(inputs, { ...valueOptions, ...at });
    const losses = (await result.loss.read()) as Float64Array;
    return losses.reduce(
      (sum, value, index) =>
        sum + value * (typeof factor === "number" ? factor : (factor[index] ?? 0)),
      0,
    );
  };

  const { gradients } = await run(inputs, { ...options, gradients: [name] });
  const reported = (await (gradients[name] as Tensor).read()) as Float64Array;
  let off = 0;
  let size = 0;
  for (const [index, value] of start.entries()) {
    // A step that is exact in binary, so that the two points lie exactly 2h apart.
    const h = 2 ** -17 * 2 ** Math.ceil(Math.log2(Math.max(Math.abs(value), 1)));
    const ahead = await objective(start.with(index, value + h));
    const behind = await objective(start.with(index, value - h));
    const slope = (ahead - behind) / (2 * h);
    off += ((reported[index] as number) - slope) ** 2;
    size += slope ** 2;
  }
  return size === 0 ? Math.sqrt(off) : Math.sqrt(off / size);
}
