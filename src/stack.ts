import type { Backend } from "./backend/index.js";
import type { ValueResult } from "./define.js";
import { type AnyLoss, defineLoss } from "./define.js";
import { fail } from "./errors.js";
import { tensor } from "./makeTensor.js";
import type { Request } from "./request.js";
import type { LossSpec } from "./spec.js";
import { Tensor, type TensorLike } from "./tensor.js";

const noStats = { count: 0, denominator: 1, outOfRange: 0, nonFinite: 0, degenerate: 0 };

/** One number after the other in one tensor: a function of as many inputs as there are numbers. */
function stackSpec(name: string, count: number): LossSpec {
  const inputs = Array.from({ length: count }, (_, at) => [`term${at}`, "data"] as const);
  return {
    name,
    family: "reduction",
    summary: "",
    formula: "",
    reference: "",
    inputs: Object.fromEntries(inputs),
    options: {},
    reductions: ["none"],
    result: "output",
    cases: [],
    check(request: Request) {
      for (const [input] of inputs) {
        if (request.get(input).size !== 1) request.expectShape(input, [], "(one number)");
        request.expectFloat(input);
      }
    },
    cpu: async () => (request) => {
      const numbers = inputs.map(([input]) => request.get(input).values()[0] as number);
      const loss = { shape: [count], data: Float64Array.from(numbers) };
      return { loss, gradients: {}, outputs: {}, stats: noStats };
    },
    gpu: async () => {
      const { planStack } = await import("./gpu/stack.js");
      return (request, _, on) => planStack(request, on);
    },
  };
}

/** What a stack is made of, and what gives its memory back. */
export interface Stack {
  readonly tensor: Tensor;
  destroy(): void;
}

/** Puts numbers that may lie on the GPU into one tensor, without reading them. `name` is that of the caller. */
export async function stack(
  name: string,
  numbers: readonly TensorLike[],
  backend: Backend | undefined,
): Promise<Stack> {
  if (numbers.every((number) => typeof number === "number")) {
    return { tensor: tensor(Float64Array.from(numbers)), destroy: () => {} };
  }
  for (const [at, number] of numbers.entries()) {
    if (!(number instanceof Tensor) || number.size === 1) continue;
    fail(
      "SHAPE_MISMATCH",
      `${name}: term ${at} has shape [${number.shape}], expected one number; give its loss a reduction`,
    );
  }
  const run = defineLoss(stackSpec(name, numbers.length)) as unknown as AnyLoss;
  const options = backend ? { backend } : {};
  const result = (await run(...([...numbers, options] as never[]))) as unknown as ValueResult;
  return { tensor: result.output, destroy: () => result.destroy() };
}
