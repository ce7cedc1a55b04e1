const SLICE_MS = 30;
let since = 0;

/** A task of its own, at once: timers wait at least 4 ms after a few turns. */
function nextTask(): Promise<void> {
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(0);
  });
}

/** Lets the page draw when this turn has taken long enough; throws when the visitor has cancelled. */
export async function breathe(signal: AbortSignal): Promise<void> {
  if (performance.now() - since < SLICE_MS) return;
  await nextTask();
  signal.throwIfAborted();
  since = performance.now();
}
