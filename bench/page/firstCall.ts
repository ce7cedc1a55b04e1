import { crossEntropy, openBackend, tensor } from "../../src/index.js";
import { Random } from "./random.js";
import { median } from "./statistics.js";

/** What a page waits before its first loss: a device, then one call with all its compilation. */
export interface FirstCall {
  readonly openMs: number;
  readonly callMs: number;
  /** The same call again. */
  readonly secondMs: number;
}

/** Measured on fresh devices, before anything else has compiled in this page. */
export async function firstCall(): Promise<FirstCall> {
  const logits = tensor(new Random(1).normals(8 * 50257, 3), [8, 50257]);
  const targets = Int32Array.from({ length: 8 }, (_, row) => row);
  const samples: FirstCall[] = [];
  for (let again = 0; again < 3; again++) {
    const began = performance.now();
    const backend = await openBackend({ kind: "webgpu" });
    const opened = performance.now();
    const call = async (): Promise<void> => {
      const result = await crossEntropy(logits, targets, { backend, gradients: true });
      await result.loss.item();
      result.destroy();
    };
    await call();
    const first = performance.now();
    await call();
    const second = performance.now();
    samples.push({ openMs: opened - began, callMs: first - opened, secondMs: second - first });
    backend.destroy();
  }
  const of = (key: keyof FirstCall): number => median(samples.map((sample) => sample[key]));
  return { openMs: of("openMs"), callMs: of("callMs"), secondMs: of("secondMs") };
}
