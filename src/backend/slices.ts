import type { Control } from "./index.js";
import type { Pace } from "./pace.js";
import type { Steps } from "./steps.js";

interface Device {
  readonly device: GPUDevice;
  guard<T>(loss: string, work: () => T): Promise<T>;
  check(): void;
}

/** Submits the steps in slices of about `most` ms, whose pace corrects the first guess; reports all but the last. */
export async function submitSliced(
  on: Device,
  loss: string,
  steps: Steps,
  groups: readonly GPUBindGroup[],
  { signal, onProgress }: Control,
  { total, rate: guess, most }: Pace & { readonly most: number },
): Promise<void> {
  const started = performance.now();
  const { passes } = steps.program;
  let rate = guess;
  let done = 0;
  let first = 0;
  const sliceFrom = (begin: number): { last: number; bytes: number } => {
    let bytes = 0;
    let last = begin;
    while (last < passes.length) {
      const { work } = passes[last] as { work: number };
      if (last > begin && (bytes + work) / rate > most / 1000) break;
      bytes += work;
      last += 1;
    }
    return { last, bytes };
  };
  let slice = sliceFrom(0);
  steps.submit(groups, 0, slice.last);
  while (slice.last < passes.length) {
    const began = performance.now();
    await on.device.queue.onSubmittedWorkDone();
    on.check();
    done += slice.bytes;
    onProgress?.({ done, total, elapsedMs: performance.now() - started });
    signal?.throwIfAborted();
    const seconds = Math.max(performance.now() - began, 0.1) / 1000;
    rate = (rate + slice.bytes / seconds) / 2;
    first = slice.last;
    slice = sliceFrom(first);
    const { last } = slice;
    await on.guard(loss, () => steps.submit(groups, first, last));
  }
}
