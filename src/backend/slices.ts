import type { Control } from "./index.js";
import type { Steps } from "./steps.js";

/** One submit should take about this long: a longer one holds up the page's other GPU work. */
const SLICE_MS = 50;
/** Bytes a second to begin with; each finished slice corrects it. */
const FIRST_GUESS = { software: 400e6, hardware: 20e9 };

interface Device {
  readonly device: GPUDevice;
  readonly info: { readonly software: boolean };
  guard<T>(loss: string, work: () => T): Promise<T>;
  check(): void;
}

/** Submits the steps in slices of about 50 ms; a program that fits in one is submitted at once. */
export async function submitSliced(
  on: Device,
  loss: string,
  steps: Steps,
  groups: readonly GPUBindGroup[],
  { signal, onProgress }: Control,
): Promise<void> {
  const started = performance.now();
  const { passes } = steps.program;
  const total = passes.reduce((sum, { work }) => sum + work, 0);
  let rate = on.info.software ? FIRST_GUESS.software : FIRST_GUESS.hardware;
  let done = 0;
  let first = 0;
  const sliceFrom = (begin: number): { last: number; bytes: number } => {
    let bytes = 0;
    let last = begin;
    while (last < passes.length) {
      const { work } = passes[last] as { work: number };
      if (last > begin && (bytes + work) / rate > SLICE_MS / 1000) break;
      bytes += work;
      last += 1;
    }
    return { last, bytes };
  };
  const submit = (begin: number, last: number): void => {
    const encoder = on.device.createCommandEncoder({ label: steps.program.label });
    steps.encode(encoder, groups, begin, last);
    on.device.queue.submit([encoder.finish()]);
  };
  let slice = sliceFrom(0);
  submit(0, slice.last);
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
    await on.guard(loss, () => submit(first, last));
  }
  onProgress?.({ done: total, total, elapsedMs: performance.now() - started });
}
