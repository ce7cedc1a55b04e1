import type { Contender, Job, Problem, Work } from "../page/contract.js";
import { gpuMilliseconds, openDevice, Readback, readFloats, storage, uniforms } from "./gpu.js";

/** An entry point, how many workgroups it takes, and what it touches: `layout: "auto"` leaves out the rest. */
export interface Step {
  readonly entry: string;
  readonly groups: (rows: number, elements: number) => number;
  readonly bindings: readonly number[];
}

const WIDTH = 65535;
export const perRow = (rows: number): number => rows;
export const by64 = (count: number): number => Math.ceil(count / 64);

/** A contender of one WGSL module without a library around it. */
export function handWritten(
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
          steps[work].map(async ({ entry, groups, bindings }) => {
            const pipeline = await device.createComputePipelineAsync({
              layout: "auto",
              compute: { module, entryPoint: entry, ...(entry === "fused" ? constants : {}) },
            });
            const entries = bindings.map((binding) => ({
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
