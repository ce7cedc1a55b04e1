import { openBackend, similarityMatrix } from "../../src/index.js";
import { gpuMilliseconds, storage } from "../contenders/gpu.js";
import { multiplyAdd } from "../contenders/multiplyAdd.js";
import { problemOf } from "./cases.js";
import type { Job, PairProblem } from "./contract.js";
import { median, quantile } from "./statistics.js";

/** A similarity matrix, packing and output included, beside as many multiplications and additions with nothing to load. */
export interface Product {
  readonly shape: string;
  readonly productMs: number;
  readonly limitMs: number;
  /** Of the limit's time over the product's, run by run. */
  readonly share: number;
  readonly shareP10: number;
  readonly shareP90: number;
}

const ROUNDS = 9;
const CHECKED = 97;

/** Dot products of some rows, against float64. */
function checkSome({ left, right, rows, depth }: PairProblem, got: Float32Array): void {
  for (let at = 0; at < rows * rows; at += CHECKED) {
    const [i, j] = [Math.floor(at / rows), at % rows];
    let dot = 0;
    for (let k = 0; k < depth; k++) {
      dot += (left[i * depth + k] as number) * (right[j * depth + k] as number);
    }
    const error = Math.abs((got[at] as number) - dot);
    if (!(error < 1e-4 * Math.max(Math.abs(dot), Math.sqrt(depth)))) {
      throw new Error(`product of ${rows}×${rows}×${depth}: element ${at} is off by ${error}`);
    }
  }
}

/** By the GPU's own clock where it has one: what is asked is how good the kernel is. */
async function timeOf(
  gpuTime: () => Promise<number | undefined>,
  work: () => Promise<unknown>,
): Promise<number> {
  const stamped = await gpuTime();
  if (stamped) return stamped;
  const began = performance.now();
  await work();
  return performance.now() - began;
}

export async function productTime(elements: number): Promise<Product> {
  const shape = { id: "product", name: "product", pairs: 1024, depth: 512 };
  const problem = problemOf(shape, 16 * elements) as PairProblem;
  const { rows, depth } = problem;
  const backend = await openBackend({ kind: "webgpu" });
  const device = backend.device as GPUDevice;
  const inputs = { a: storage(device, problem.left), b: storage(device, problem.right) };
  const dims = [rows, depth];
  const plan = await similarityMatrix.plan({ a: dims, b: dims }, { backend, metric: "dot" });
  const opened = await multiplyAdd.open();
  const limit = (await opened.prepare(problem, "loss")) as Job;
  const product = async (): Promise<void> => {
    plan.run(inputs).destroy();
    await device.queue.onSubmittedWorkDone();
  };
  const encode = (encoder: GPUCommandEncoder): void => {
    plan.encode(encoder, inputs);
  };
  const result = plan.run(inputs);
  checkSome(problem, (await result.output.read()) as Float32Array);
  result.destroy();
  await product();
  await limit.run();
  const rounds: { product: number; limit: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({
      product: await timeOf(() => gpuMilliseconds(device, encode), product),
      limit: await timeOf(async () => limit.gpuTime?.(), limit.run),
    });
  }
  limit.free();
  opened.close();
  backend.destroy();
  const shares = rounds.map((round) => round.limit / round.product);
  return {
    shape: `${rows}×${rows}×${depth}`,
    productMs: median(rounds.map((round) => round.product)),
    limitMs: median(rounds.map((round) => round.limit)),
    share: median(shares),
    shareP10: quantile(shares, 0.1),
    shareP90: quantile(shares, 0.9),
  };
}
