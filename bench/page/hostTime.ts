import { crossEntropy, openBackend } from "../../src/index.js";
import { storage } from "../contenders/gpu.js";
import { median, quantile } from "./statistics.js";

/** Microseconds of the page's own thread for one `plan.run`, in steady state. */
export async function hostTime(): Promise<{ medianUs: number; p90Us: number }> {
  const backend = await openBackend({ kind: "webgpu" });
  const device = backend.device as GPUDevice;
  const logits = storage(device, new Float32Array(8 * 64));
  const targets = storage(device, new Int32Array(8));
  const shapes = { logits: [8, 64], targets: { shape: [8], dtype: "i32" as const } };
  const plan = await crossEntropy.plan(shapes, { backend, gradients: true });
  const samples: number[] = [];
  for (let batch = 0; batch < 130; batch++) {
    for (let run = 0; run < 20; run++) {
      const began = performance.now();
      plan.run({ logits, targets });
      const spent = performance.now() - began;
      // The first batches warm the JavaScript engine up; many follow, for the browser's side of a submit comes in two speeds.
      if (batch >= 10) samples.push(spent * 1000);
    }
    await device.queue.onSubmittedWorkDone();
  }
  plan.destroy();
  backend.destroy();
  return { medianUs: median(samples), p90Us: quantile(samples, 0.9) };
}
