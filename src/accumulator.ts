import type { Backend } from "./backend/index.js";
import { defineLoss } from "./define.js";
import { describe, fail } from "./errors.js";
import { checkNames } from "./options.js";
import type { Request } from "./request.js";
import type { LossResult } from "./result.js";
import type { CpuOutcome } from "./spec.js";
import { type GpuStorage, Tensor, type TensorLike } from "./tensor.js";

/** A sum of losses and what it will be divided by, both one number. */
export interface Part {
  readonly sum: TensorLike;
  readonly count: TensorLike;
}

export interface AccumulatorOptions {
  /** The value of a mean over nothing; `factor` is 0 either way. */
  readonly emptyMean?: "nan" | "zero";
  /** Where to add; default is the backend of what is added. */
  readonly backend?: Backend;
}

/** Sums and counts of micro-batches, kept where the losses are. All numbers are of what was added so far. */
export interface Accumulator {
  /**
   * Adds a micro-batch: the result of a loss with reduction "sum", whose rows that count are counted, or a sum and a
   * count of your own. What is given may be destroyed once this resolves; calls may overlap.
   */
  add(part: Part | Pick<LossResult, "loss" | "stats">): Promise<void>;
  /** The mean: sum over count, divided once. */
  readonly loss: Tensor;
  readonly sum: Tensor;
  readonly count: Tensor;
  /** What the gradients of the sums are to be multiplied by: 1 / count, or 0 where nothing counts. */
  readonly factor: Tensor;
  destroy(): void;
}

/** Words of what is handed on: the sum, the count, parts that cannot be used. */
const STATE = 3;
type Outputs = "sum" | "count" | "factor" | "state";

function addCpu(request: Request): CpuOutcome {
  const number = (name: string, at = 0): number => request.get(name).values()[at] as number;
  const sum = number("before") + number("sum");
  const count = number("before", 1) + number("count");
  const empty = request.emptyMean === "zero" ? 0 : Number.NaN;
  const scalar = (value: number) => ({ shape: [], data: Float64Array.of(value) });
  return {
    loss: scalar(count === 0 ? empty : sum / count),
    gradients: {},
    outputs: {
      sum: scalar(sum),
      count: scalar(count),
      factor: scalar(count === 0 ? 0 : 1 / count),
      state: { shape: [STATE], data: Float64Array.of(sum, count, 0) },
    },
    stats: {
      count,
      denominator: count,
      outOfRange: 0,
      nonFinite: Number.isFinite(sum) ? 0 : 1,
      degenerate: 0,
    },
  };
}

const addOnce = (): ((
  ...args: [...TensorLike[], AccumulatorOptions]
) => Promise<LossResult<never, Outputs>>) =>
  defineLoss({
    name: "accumulator",
    family: "reduction",
    summary: "",
    formula: "",
    reference: "",
    inputs: { sum: "data", count: "data", status: "data", before: "data" },
    options: {},
    outputs: { sum: "", count: "", factor: "", state: "" },
    cases: [],
    check(request: Request) {
      for (const name of ["sum", "count"]) {
        const { size } = request.get(name);
        if (size !== 1) request.expectShape(name, [], "(one number)");
        request.expectFloat(name);
      }
    },
    cpu: async () => addCpu,
    gpu: async () => {
      const { planAccumulate } = await import("./gpu/accumulate.js");
      return (request, _, on) => planAccumulate(request, on);
    },
  }) as never;

/** A status block that has nothing to say: divided by 1, no label out of range. */
const plainStatus = (): Tensor =>
  new Tensor([STATUS], "u32", { kind: "host", data: Uint32Array.of(0x3f800000, 0, 0, 0, 0) });
const STATUS = 5;

/** What a result is to the sums: its loss, the rows that count, and its status words. */
async function partOf({
  loss,
  stats,
}: Pick<LossResult, "loss" | "stats">): Promise<Part & { readonly status: Tensor }> {
  if (loss.size !== 1) {
    fail("SHAPE_MISMATCH", `accumulator: the loss has shape [${loss.shape}]; use reduction: "sum"`);
  }
  const { status, owner } = loss.storage as GpuStorage;
  if (status) {
    const at = (offset: number, bytes: number) => ({
      ...{
        kind: "gpu" as const,
        buffer: status.buffer,
        offset: status.offset + offset,
        bytes,
        owner,
      },
    });
    const count = new Tensor([], "f32", at(4, 4));
    return { sum: loss, count, status: new Tensor([STATUS], "u32", at(0, 4 * STATUS)) };
  }
  const { denominator, count } = await stats.read();
  if (denominator !== 1) {
    fail(
      "OPTION",
      `accumulator: the loss was divided by ${denominator} already; use reduction: "sum"`,
    );
  }
  return { sum: loss, count, status: plainStatus() };
}

/**
 * Adds up the losses of micro-batches on the GPU and divides once, as one large batch would.
 * @example
 * const total = accumulator();
 * for (const [logits, targets] of [[[[2, 1]], [0]], [[[1, 3], [0, 1]], [1, -100]]]) {
 *   const result = await crossEntropy(logits, targets, { reduction: "sum", gradients: true });
 *   await total.add(result);
 * }
 * await total.loss.item(); // the mean over all rows that count
 * await total.factor.item(); // scales the summed gradients to those of that mean
 * @example
 * // Where the number of rows is known beforehand, a fixed denominator needs no factor: these gradients and losses add up
 * // to those of the whole batch.
 * const first = await crossEntropy([[2, 1]], [0], { reduction: { denominator: 2 }, gradients: true });
 * const second = await crossEntropy([[1, 3]], [1], { reduction: { denominator: 2 }, gradients: true });
 * const { loss } = await combine([{ loss: first }, { loss: second }]);
 */
export function accumulator(options: AccumulatorOptions = {}): Accumulator {
  checkNames("accumulator", options, ["emptyMean", "backend"]);
  const add = addOnce();
  let latest: LossResult<never, Outputs> | undefined;
  let queue: Promise<void> = Promise.resolve();
  let destroyed = false;

  const addNow = async (given: Part | Pick<LossResult, "loss" | "stats">): Promise<void> => {
    if (destroyed) fail("DISPOSED", "accumulator: it was destroyed");
    if (typeof given !== "object" || given === null || !("loss" in given || "sum" in given)) {
      fail("OPTION", `accumulator: add() takes a result or { sum, count }, got ${describe(given)}`);
    }
    const part = "loss" in given ? await partOf(given) : { ...given, status: plainStatus() };
    const before = latest?.state ?? new Float32Array(STATE);
    const next = await add(part.sum, part.count, part.status, before, options);
    latest?.destroy();
    latest = next;
  };
  const current = (name: "loss" | "sum" | "count" | "factor"): Tensor =>
    latest?.[name] ?? fail("DISPOSED", "accumulator: nothing was added, or it was destroyed");

  return {
    add(part) {
      const done = queue.then(() => addNow(part));
      queue = done.catch(() => {});
      return done;
    },
    get loss() {
      return current("loss");
    },
    get sum() {
      return current("sum");
    },
    get count() {
      return current("count");
    },
    get factor() {
      return current("factor");
    },
    destroy() {
      destroyed = true;
      latest?.destroy();
      latest = undefined;
    },
  };
}
