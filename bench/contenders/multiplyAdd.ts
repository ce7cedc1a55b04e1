import type { Contender, Job, Problem, Work } from "../page/contract.js";
import { gpuMilliseconds, openDevice, Readback, storage, uniforms } from "./gpu.js";
import code from "./limits.wgsl?raw";

const THREADS = 16384;
/** Operations of one trip of one lane: eight vectors of four, a product and a sum each. */
const PER_TRIP = 64;
const lanesToTry = [4, 16, 64, 256];
let fastest: number | undefined;

async function make(device: GPUDevice, lanes: number, trips: number): Promise<Job> {
  const source = storage(device, Float32Array.of(0.5, 0.5, 0.5, 0.5));
  const sink = storage(device, THREADS * 16);
  const params = uniforms(device, [1, 65535]);
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module, entryPoint: "multiplyAdd", constants: { LANES: lanes, TILE: trips } },
  });
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [params, source, sink].map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const back = new Readback(device);
  const record = (encoder: GPUCommandEncoder): void => {
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(THREADS / lanes);
    pass.end();
  };
  const run = (): Promise<number> => {
    const encoder = device.createCommandEncoder();
    record(encoder);
    back.record(encoder, sink);
    device.queue.submit([encoder.finish()]);
    return back.read();
  };
  const free = (): void => {
    back.free();
    for (const buffer of [source, sink, params]) buffer.destroy();
  };
  const gpuTime = async (): Promise<number> =>
    (await gpuMilliseconds(device, record)) ?? Number.NaN;
  return { run, gpuTime, free };
}

async function findFastest(device: GPUDevice): Promise<number> {
  let best = { lanes: 4, ms: Number.POSITIVE_INFINITY };
  for (const lanes of lanesToTry) {
    const job = await make(device, lanes, 64);
    await job.run();
    for (let again = 0; again < 4; again++) {
      const began = performance.now();
      await job.run();
      const ms = performance.now() - began;
      if (ms < best.ms) best = { lanes, ms };
    }
    job.free();
  }
  return best.lanes;
}

/** As many multiplications and additions as the matrix products of a similarity need, with nothing to load or store. */
export const multiplyAdd: Contender = {
  name: "limit multiply-add",
  kind: "webgpu",
  group: "limit",
  storage: "f32",
  bytesPerLogit: { loss: 0, "loss+gradient": 0 },
  async open() {
    const device = await openDevice();
    const prepare = async (problem: Problem, work: Work): Promise<Job | undefined> => {
      if (problem.kind !== "pairs") return undefined;
      const products = work === "loss" ? 1 : 3;
      const operations = 2 * products * problem.rows ** 2 * problem.depth;
      fastest ??= await findFastest(device);
      return make(device, fastest, Math.max(Math.round(operations / PER_TRIP / THREADS), 1));
    };
    return { prepare, close: () => device.destroy() };
  },
};
