import type { Contender, Job, Problem, Work } from "../page/contract.js";
import fusedCode from "./fused256.wgsl?raw";
import { gpuMilliseconds, openDevice, Readback, readFloats, storage, uniforms } from "./gpu.js";
import unfusedCode from "./unfused.wgsl?raw";

/** An entry point, and how many workgroups it takes. */
interface Step {
  readonly entry: string;
  readonly groups: (rows: number, elements: number) => number;
}

const WIDTH = 65535;
const perRow = (rows: number): number => rows;
const by64 = (count: number): number => Math.ceil(count / 64);

function handWritten(
  name: string,
  code: string,
  steps: Readonly<Record<Work, readonly Step[]>>,
): Contender {
  return {
    name,
    kind: "webgpu",
    group: "rival",
    storage: "f32",
    bytesPerLogit: { loss: 4, "loss+gradient": 12 },
    async open() {
      const device = await openDevice();
      const module = device.createShaderModule({ code });
      const prepare = async (problem: Problem, work: Work): Promise<Job | undefined> => {
        if (problem.kind !== "classes") return undefined;
        const { rows, classes, inner, logits, labels } = problem;
        const counted = labels.reduce((count, label) => count + (label >= 0 ? 1 : 0), 0);
        const count = new Uint32Array(Float32Array.of(counted).buffer)[0] as number;
        const fused = code.includes("override GRADIENT");
        const constants = fused ? { constants: { GRADIENT: work === "loss" ? 0 : 1 } } : {};
        const buffers: Record<number, GPUBuffer> = {
          0: uniforms(device, [rows, classes, inner, WIDTH, count]),
          1: storage(device, logits),
          2: storage(device, labels),
          3: storage(device, rows * 4),
          4: storage(device, rows * 4),
          5: storage(device, rows * 4),
          6: storage(device, 4),
          7: storage(device, work === "loss" ? 4 : rows * classes * 4),
        };
        const compiled = await Promise.all(
          steps[work].map(async ({ entry, groups }) => {
            const pipeline = await device.createComputePipelineAsync({
              layout: "auto",
              compute: { module, entryPoint: entry, ...(entry === "fused" ? constants : {}) },
            });
            const entries = bindingsOf(code, entry).map((binding) => ({
              binding,
              resource: { buffer: buffers[binding] as GPUBuffer },
            }));
            const layout = pipeline.getBindGroupLayout(0);
            return { pipeline, groups, bindGroup: device.createBindGroup({ layout, entries }) };
          }),
        );
        const back = new Readback(device);
        const record = (encoder: GPUCommandEncoder): void => {
          const pass = encoder.beginComputePass();
          for (const { pipeline, groups, bindGroup } of compiled) {
            const count = groups(rows, rows * classes);
            pass.setPipeline(pipeline);
            pass.setBindGroup(0, bindGroup);
            pass.dispatchWorkgroups(Math.min(count, WIDTH), Math.ceil(count / WIDTH));
          }
          pass.end();
        };
        const loss = buffers[6] as GPUBuffer;
        return {
          run: () => {
            const encoder = device.createCommandEncoder();
            record(encoder);
            back.record(encoder, loss);
            device.queue.submit([encoder.finish()]);
            return back.read();
          },
          gpuTime: async () => (await gpuMilliseconds(device, record)) ?? Number.NaN,
          gradients: async () => [
            await readFloats(device, buffers[7] as GPUBuffer, rows * classes),
          ],
          free: () => {
            back.free();
            for (const buffer of Object.values(buffers)) buffer.destroy();
          },
        };
      };
      return { prepare, close: () => device.destroy() };
    },
  };
}

// `layout: "auto"` leaves out what an entry point does not touch.
function bindingsOf(code: string, entry: string): number[] {
  if (code === fusedCode) {
    if (entry === "mean") return [0, 5, 6];
    return [0, 1, 2, 5, 7];
  }
  const touched: Record<string, number[]> = {
    rowMax: [0, 1, 3],
    rowSum: [0, 1, 3, 4],
    gather: [0, 1, 2, 3, 4, 5],
    mean: [0, 5, 6],
    gradients: [0, 1, 2, 3, 4, 7],
  };
  return touched[entry] as number[];
}

const losses: readonly Step[] = [
  { entry: "rowMax", groups: perRow },
  { entry: "rowSum", groups: perRow },
  { entry: "gather", groups: by64 },
  { entry: "mean", groups: () => 1 },
];
const fused: readonly Step[] = [
  { entry: "fused", groups: perRow },
  { entry: "mean", groups: () => 1 },
];

export const unfused: Contender = handWritten("unfused WGSL", unfusedCode, {
  loss: losses,
  "loss+gradient": [...losses, { entry: "gradients", groups: (_, elements) => by64(elements) }],
});

export const fused256: Contender = handWritten("fused WGSL, 256 lanes", fusedCode, {
  loss: fused,
  "loss+gradient": fused,
});
