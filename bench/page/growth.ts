import { crossEntropy, openBackend } from "../../src/index.js";
import { gpuMilliseconds, storage } from "../contenders/gpu.js";
import type { Report } from "./compare.js";
import { slope } from "./statistics.js";

export interface Point {
  readonly rows: number;
  readonly classes: number;
  readonly ms: number;
}
export interface Growth {
  readonly axis: "N" | "V";
  readonly points: readonly Point[];
  /** Of the time beyond what an empty call takes: 1 where cost is in proportion. */
  readonly exponent: number;
}

type Backend = Awaited<ReturnType<typeof openBackend>>;

/** The least of several: what else runs on the machine only ever adds. */
async function timeOf(backend: Backend, rows: number, classes: number): Promise<number> {
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
  await once();
  let least = Number.POSITIVE_INFINITY;
  const began = performance.now();
  for (let run = 0; run < 4 || (run < 200 && performance.now() - began < 400); run++) {
    least = Math.min(least, await once());
  }
  plan.destroy();
  logits.destroy();
  targets.destroy();
  return least;
}

/** Time over three decades of rows and of classes, loss and gradient. */
export async function growth(elements: number, report: Report): Promise<Growth[]> {
  const backend = await openBackend({ kind: "webgpu" });
  const empty = await timeOf(backend, 1, 4);
  const steps = [1, 10, 100, 1000];
  // The least problem already has work for every core: one core more at each step would look like a better exponent.
  const base = Math.max(Math.round(elements / 1000 / 512), 16);
  const axes = {
    N: steps.map((step) => ({ rows: base * step, classes: 512 })),
    V: steps.map((step) => ({ rows: 32, classes: Math.round((base * 512 * step) / 32) })),
  };
  const found: Growth[] = [];
  for (const [axis, sizes] of Object.entries(axes)) {
    const points: Point[] = [];
    for (const { rows, classes } of sizes) {
      report(`growth in ${axis}: ${rows}×${classes}`);
      points.push({ rows, classes, ms: await timeOf(backend, rows, classes) });
    }
    const line = points.map(({ rows, classes, ms }): [number, number] => [
      Math.log(rows * classes),
      Math.log(Math.max(ms - empty, 1e-3)),
    ]);
    found.push({ axis: axis as "N" | "V", points, exponent: slope(line) });
  }
  backend.destroy();
  return found;
}
