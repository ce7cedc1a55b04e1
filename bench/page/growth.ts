import { crossEntropy, openBackend } from "../../src/index.js";
import { gpuMilliseconds, storage } from "../contenders/gpu.js";
import type { Report } from "./compare.js";
import { exponentOf, median } from "./statistics.js";

export interface Point {
  readonly rows: number;
  readonly classes: number;
  readonly ms: number;
}
export interface Growth {
  readonly axis: "N" | "V";
  readonly points: readonly Point[];
  /** Of the time beyond what any call costs, the median of all rounds: 1 where cost is in proportion. */
  readonly exponent: number;
}

type Backend = Awaited<ReturnType<typeof openBackend>>;

/** A problem that is ready to be timed. */
interface Ready {
  once(): Promise<number>;
  free(): void;
}

async function readyFor(backend: Backend, rows: number, classes: number): Promise<Ready> {
  const device = backend.device as GPUDevice;
  const data = new Float32Array(rows * classes);
  for (let i = 0; i < data.length; i++) data[i] = (i * 0.618) % 7;
  const logits = storage(device, data);
  const targets = storage(device, new Int32Array(rows));
  const shapes = { logits: [rows, classes], targets: { shape: [rows], dtype: "i32" as const } };
  const plan = await crossEntropy.plan(shapes, { backend, gradients: true });
  const once = async (): Promise<number> => {
    const record = (encoder: GPUCommandEncoder): void => {
      plan.encode(encoder, { logits, targets });
    };
    const stamped = await gpuMilliseconds(device, record);
    if (stamped !== undefined) return stamped;
    const began = performance.now();
    plan.run({ logits, targets });
    await device.queue.onSubmittedWorkDone();
    return performance.now() - began;
  };
  const free = (): void => {
    plan.destroy();
    logits.destroy();
    targets.destroy();
  };
  return { once, free };
}

const ROUNDS = 5;
/** Of so many runs the least: what else runs on the machine only ever adds. As many for small problems as for large. */
const RUNS = 8;

async function leastOf({ once }: Ready): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) least = Math.min(least, await once());
  return least;
}

/**
 * Time over three decades of rows and of classes, loss and gradient. All sizes take turns, and each round has an exponent of
 * its own, of which the median counts: a slow minute of the machine then does not fall on one size alone. What a call costs
 * whatever its size is fitted with the exponent: it cannot be timed alone, for threads wake up only where there is work.
 */
export async function growth(elements: number, report: Report): Promise<Growth[]> {
  const backend = await openBackend({ kind: "webgpu" });
  const steps = [1, 3, 10, 30, 100, 300, 1000];
  // The least problem already gives every core as much as the next: cores that idle there would look like a better exponent.
  const base = Math.max(Math.round(elements / 1000 / 512 / 16), 1) * 16;
  const axes = {
    N: steps.map((step) => ({ rows: base * step, classes: 512 })),
    V: steps.map((step) => ({ rows: 32, classes: Math.round((base * 512 * step) / 32) })),
  };
  const found: Growth[] = [];
  for (const [axis, sizes] of Object.entries(axes)) {
    const all: Ready[] = [];
    for (const { rows, classes } of sizes) all.push(await readyFor(backend, rows, classes));
    const times: number[][] = sizes.map(() => []);
    const exponents: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      report(`growth in ${axis}: round ${round + 1} of ${ROUNDS}`);
      const points: [number, number][] = [];
      for (const [at, { rows, classes }] of sizes.entries()) {
        const ms = await leastOf(all[at] as Ready);
        times[at]?.push(ms);
        points.push([rows * classes, ms]);
      }
      exponents.push(exponentOf(points));
    }
    for (const { free } of all) free();
    const points = sizes.map((size, at) => ({ ...size, ms: median(times[at] as number[]) }));
    found.push({ axis: axis as "N" | "V", points, exponent: median(exponents) });
  }
  backend.destroy();
  return found;
}
