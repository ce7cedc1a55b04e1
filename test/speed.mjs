// Times the built CPU entry beside a plain loop, in a process of its own: what other tests have made the
// engine learn must not count. Usage: node test/speed.mjs <file of the CPU entry>; prints JSON.
import { pathToFileURL } from "node:url";

const { crossEntropy, openBackend, tensor } = await import(pathToFileURL(process.argv[2]).href);
const backend = await openBackend({ kind: "cpu" });

/** What somebody without a library would write: three loops over a Float32Array. */
function plainLoop(logits, labels, classes, gradient) {
  let total = 0;
  for (let row = 0; row < labels.length; row++) {
    const base = row * classes;
    let max = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) max = Math.max(max, logits[base + c]);
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += Math.exp(logits[base + c] - max);
    const label = labels[row];
    total += max + Math.log(sum) - logits[base + label];
    if (!gradient) continue;
    for (let c = 0; c < classes; c++) {
      const p = Math.exp(logits[base + c] - max) / sum;
      gradient[base + c] = (p - (c === label ? 1 : 0)) / labels.length;
    }
  }
  return total / labels.length;
}

/** Processor time, not the clock's: other processes must not count. */
async function milliseconds(work) {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Ours over theirs, each at its best of 21 runs in turn: a busy machine only ever adds time. */
async function ratio(rows, classes, wantsGradient) {
  const logits = Float32Array.from({ length: rows * classes }, (_, at) => 5 * Math.sin(at * at));
  const labels = Int32Array.from({ length: rows }, (_, row) => (row * 7) % classes);
  const input = tensor(logits, [rows, classes]);
  const gradient = wantsGradient ? new Float32Array(rows * classes) : undefined;
  let ours = Number.POSITIVE_INFINITY;
  let theirs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 21; run++) {
    theirs = Math.min(
      theirs,
      await milliseconds(() => plainLoop(logits, labels, classes, gradient)),
    );
    ours = Math.min(
      ours,
      await milliseconds(() => crossEntropy(input, labels, { gradients: wantsGradient, backend })),
    );
  }
  return ours / theirs;
}

const sizes = [
  [24, 20_000],
  [500, 1000],
  [4000, 100],
  [40_000, 10],
];
const ratios = {};
for (const [rows, classes] of sizes) {
  for (const wantsGradient of [false, true]) {
    const title = `${rows} rows of ${classes} classes, ${wantsGradient ? "with the gradient" : "loss alone"}`;
    ratios[title] = await ratio(rows, classes, wantsGradient);
  }
}
console.log(JSON.stringify(ratios));
