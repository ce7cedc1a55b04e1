import alone from "../../shaders/crossEntropyAlone.wgsl?raw";
import tree from "../../shaders/crossEntropyTree.wgsl?raw";
import { defineLoss } from "../../src/define.js";
import { crossEntropyShape, type RowShape } from "../../src/gpu/rowShape.js";
import { crossEntropy, openBackend, type Plan } from "../../src/index.js";
import type { Pass, Target } from "../../src/plan.js";
import type { GpuPath } from "../../src/spec.js";
import { storage } from "../contenders/gpu.js";
import type { Report } from "./compare.js";
import type { Work } from "./contract.js";
import { Random } from "./random.js";
import { median } from "./statistics.js";

const shapes: readonly RowShape[] = [
  ...[4, 16, 64, 256].map((rows) => ({ lanes: 1, rows })),
  ...[1, 4, 16, 64].map((rows) => ({ lanes: 4, rows })),
  ...[1, 4, 16].map((rows) => ({ lanes: 16, rows })),
  ...[1, 4].map((rows) => ({ lanes: 64, rows })),
  { lanes: 256, rows: 1 },
];

export interface Tuned {
  readonly rows: number;
  readonly classes: number;
  readonly work: Work;
  readonly chosen: RowShape;
  readonly chosenMs: number;
  readonly best: RowShape;
  readonly bestMs: number;
  readonly all: readonly { readonly shape: RowShape; readonly ms: number }[];
}

/** The pass over rows as it would be with another shape; every other pass is left alone. */
function reshaped(pass: Pass, { lanes, rows }: RowShape): Pass {
  const { kernel } = pass;
  if (!("LANES" in kernel.constants && "ROWS" in kernel.constants)) return pass;
  const join = lanes === 1 ? alone : tree;
  return {
    ...pass,
    kernel: {
      ...kernel,
      constants: { ...kernel.constants, LANES: lanes, ROWS: rows },
      parts: kernel.parts.map((part) => (part === alone || part === tree ? join : part)),
    },
    workgroups: Math.ceil((pass.params["rows"] as number) / rows),
  };
}

/** crossEntropy with the table's choice overruled. */
function withShape(shape: RowShape): typeof crossEntropy {
  const { spec } = crossEntropy;
  const gpu = async (): Promise<GpuPath> => {
    const plan = await (spec.gpu as NonNullable<typeof spec.gpu>)();
    return (request, geometry, on) => {
      const program = plan(request, geometry, on);
      return { ...program, passes: program.passes.map((pass) => reshaped(pass, shape)) };
    };
  };
  return defineLoss({ ...spec, gpu }) as unknown as typeof crossEntropy;
}

interface Runner {
  readonly shape: RowShape;
  readonly plan: Plan;
  readonly samples: number[];
}

/** Times every variant at shapes from digits to large vocabularies, interleaved; tells the best beside the table's. */
export async function tune(elements: number, report: Report): Promise<Tuned[]> {
  const backend = await openBackend({ kind: "webgpu" });
  const device = backend.device as GPUDevice;
  const { software } = backend.info;
  const on = {
    software,
    features: backend.features,
    maxInvocations: backend.limits["maxComputeInvocationsPerWorkgroup"],
  } as unknown as Target;
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
      const options = { backend, gradients: work !== "loss" };
      const time = async (plan: Plan): Promise<number> => {
        const began = performance.now();
        plan.run({ logits, targets });
        await device.queue.onSubmittedWorkDone();
        return performance.now() - began;
      };
      const runners: Runner[] = [];
      let fastest = Number.POSITIVE_INFINITY;
      for (const shape of shapes) {
        // Lanes without a class each are idle by design.
        if (shape.lanes > Math.max(classes / 4, 1)) continue;
        const plan = await withShape(shape).plan(planned, options);
        const first = await time(plan);
        const ms = first > 8 * fastest ? first : await time(plan);
        fastest = Math.min(fastest, ms);
        // Hopeless ones need no more samples to be hopeless.
        if (ms < 4 * fastest) runners.push({ shape, plan, samples: [ms] });
        else plan.destroy();
      }
      for (let again = 0; again < 7; again++) {
        for (const { plan, samples } of runners) samples.push(await time(plan));
      }
      const all = runners
        .map(({ shape, samples }) => ({ shape, ms: median(samples) }))
        .sort((a, b) => a.ms - b.ms);
      for (const { plan } of runners) plan.destroy();
      const chosen = crossEntropyShape(on, rows, classes, false, false);
      const mine = all.find(
        ({ shape }) => shape.lanes === chosen.lanes && shape.rows === chosen.rows,
      );
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
