import { crossEntropyShape, hasFew } from "../../src/gpu/rowShape.js";
import { type Backend, crossEntropy, openBackend, type Plan } from "../../src/index.js";
import type { CrossEntropyShape, Target } from "../../src/plan.js";
import { storage } from "../contenders/gpu.js";
import type { Report } from "./compare.js";
import type { Work } from "./contract.js";
import { Random } from "./random.js";
import { median } from "./statistics.js";

const plain = { few: false, parts: 1, subgroups: false, quads: false };
const together: readonly CrossEntropyShape[] = [
  ...[4, 16, 64, 256].map((rows) => ({ lanes: 1, rows, ...plain })),
  ...[1, 4, 16, 64].map((rows) => ({ lanes: 4, rows, ...plain })),
  ...[1, 4, 16].map((rows) => ({ lanes: 16, rows, ...plain })),
  ...[1, 4].map((rows) => ({ lanes: 64, rows, ...plain })),
  { lanes: 256, rows: 1, ...plain },
];
const split: readonly CrossEntropyShape[] = [4, 16, 64].flatMap((parts) =>
  [64, 256].map((lanes) => ({ lanes, rows: 1, ...plain, parts })),
);

/** Every way that there is on this device for so many rows and classes. */
function shapesFor(on: Target, rows: number, classes: number): CrossEntropyShape[] {
  const all = [...together, ...(rows < 64 ? split : [])];
  const joined = on.features.has("subgroups") ? all.filter(({ lanes }) => lanes > 1) : [];
  const read = [...all, ...joined.map((shape) => ({ ...shape, subgroups: true }))];
  return [
    ...read,
    ...(on.software ? [] : read.map((shape) => ({ ...shape, quads: true }))),
    ...(hasFew(on, classes) ? [{ lanes: 1, rows: 64, ...plain, few: true }] : []),
    // Lanes without a class each are idle by design.
  ].filter(({ lanes, parts }) => lanes * parts <= Math.max(classes / 4, 1));
}

export interface Tuned {
  readonly rows: number;
  readonly classes: number;
  readonly work: Work;
  readonly chosen: CrossEntropyShape;
  readonly chosenMs: number;
  readonly best: CrossEntropyShape;
  readonly bestMs: number;
  readonly all: readonly { readonly shape: CrossEntropyShape; readonly ms: number }[];
}

/** The same device, with the table's choice overruled. */
async function withShape(device: GPUDevice, shape: CrossEntropyShape): Promise<Backend> {
  const backend = await openBackend({ device });
  const { target } = backend as unknown as { target: Target };
  return Object.assign(backend, { target: { ...target, shape } });
}

interface Runner {
  readonly shape: CrossEntropyShape;
  readonly backend: Backend;
  readonly plan: Plan;
  readonly samples: number[];
}

/** Times every variant at shapes from digits to large vocabularies, interleaved; tells the best beside the table's. */
export async function tune(elements: number, report: Report): Promise<Tuned[]> {
  const backend = await openBackend({ kind: "webgpu" });
  const device = backend.device as GPUDevice;
  const { software } = backend.info;
  const { target: on } = backend as unknown as { target: Target };
  const sizes = [10, 100, 1000, 4096, 16384, 50257, 151936].map((classes) => ({
    classes,
    // A software adapter takes 0.2 ms a row in the widest shape: 65 536 rows would be 15 s a run.
    rows: Math.max(Math.floor(Math.min(elements / classes, software ? 4096 : 65536)), 4),
  }));
  const found: Tuned[] = [];
  for (const { rows, classes } of sizes) {
    const logits = storage(device, new Random(3).normals(rows * classes, 3));
    const targets = storage(device, new Int32Array(rows));
    const planned = { logits: [rows, classes], targets: { shape: [rows], dtype: "i32" as const } };
    for (const work of ["loss", "loss+gradient"] as const) {
      report(`tune ${rows}×${classes}, ${work}`);
      const chosen = crossEntropyShape(on, rows, classes, false, { few: true, parts: true });
      const isChosen = (shape: CrossEntropyShape): boolean =>
        Object.entries(chosen).every(
          ([name, value]) => shape[name as keyof typeof shape] === value,
        );
      const time = async (plan: Plan): Promise<number> => {
        const began = performance.now();
        plan.run({ logits, targets });
        await device.queue.onSubmittedWorkDone();
        return performance.now() - began;
      };
      const runners: Runner[] = [];
      let fastest = Number.POSITIVE_INFINITY;
      const others = shapesFor(on, rows, classes).filter((shape) => !isChosen(shape));
      for (const shape of [chosen, ...others]) {
        const own = await withShape(device, shape);
        const options = { backend: own, gradients: work !== "loss" };
        const plan = await crossEntropy.plan(planned, options);
        const first = await time(plan);
        const ms = first > 8 * fastest ? first : await time(plan);
        fastest = Math.min(fastest, ms);
        // Hopeless ones need no more samples to be hopeless.
        if (ms < 4 * fastest) runners.push({ shape, backend: own, plan, samples: [ms] });
        else own.destroy();
      }
      for (let again = 0; again < 7; again++) {
        for (const { plan, samples } of runners) samples.push(await time(plan));
      }
      const all = runners
        .map(({ shape, samples }) => ({ shape, ms: median(samples) }))
        .sort((a, b) => a.ms - b.ms);
      for (const { backend: own } of runners) own.destroy();
      const mine = all.find(({ shape }) => isChosen(shape));
      const best = all[0] as (typeof all)[number];
      const chosenMs = mine?.ms ?? Number.NaN;
      found.push({ rows, classes, work, chosen, chosenMs, best: best.shape, bestMs: best.ms, all });
    }
    logits.destroy();
    targets.destroy();
  }
  backend.destroy();
  return found;
}
