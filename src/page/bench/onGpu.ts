import { gpuMilliseconds, storage } from "../../../bench/contenders/gpu.js";
import type { ClassProblem, Job } from "../../../bench/page/contract.js";
import { crossEntropy, type LossResult } from "../../index.js";
import { session } from "../parts/session.js";
import type { Work } from "./size.js";

/** The library as a training loop uses it: a plan, its gradient beside the logits or written over them. */
export async function planned(problem: ClassProblem, work: Work, inPlace: boolean): Promise<Job> {
  const { backend } = await session();
  const device = backend.device as GPUDevice;
  const { shape, rows } = problem;
  const logits = storage(device, problem.logits);
  const targets = storage(device, problem.labels);
  const pristine = inPlace ? storage(device, problem.logits) : undefined;
  const buffers = { logits, targets };
  const plan = await crossEntropy.plan(
    { logits: shape, targets: { shape: [rows], dtype: "i32" } },
    { backend, gradients: work === "loss" ? false : inPlace ? { logits: "inPlace" } : true },
  );
  let last: LossResult<"logits"> | undefined;
  return {
    async run() {
      last?.destroy();
      last = plan.run(buffers);
      return last.loss.item();
    },
    /** What a run in place wrote over is put back, untimed. */
    async reset() {
      if (!pristine) return;
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(pristine, 0, logits, 0, pristine.size);
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
    },
    gpuTime: async () =>
      (await gpuMilliseconds(device, (encoder) => plan.encode(encoder, buffers))) ?? Number.NaN,
    free() {
      last?.destroy();
      plan.destroy();
      for (const buffer of [logits, targets, pristine]) buffer?.destroy();
    },
  };
}
