import { unfused } from "../../../bench/contenders/unfused.js";
import type { ClassProblem, Job } from "../../../bench/page/contract.js";
import { quantile } from "../../../bench/page/statistics.js";
import { clamp } from "../parts/clamp.js";
import { breathe } from "./breathe.js";
import { cpuPath, plainLoop } from "./onCpu.js";
import { planned } from "./onGpu.js";
import type { Need, Work } from "./size.js";

/** One line of the results. */
export interface Timing {
  readonly name: string;
  readonly ours: boolean;
  readonly medianMs: number;
  readonly p10Ms: number;
  readonly p90Ms: number;
  readonly samples: number;
  /** The first call, compilation included. */
  readonly firstMs: number;
  readonly gpuMs: number | undefined;
  readonly gigabytesPerSecond: number;
  readonly tokensPerSecond: number;
  /** Against the plain loop's float64 sum. */
  readonly relativeError: number;
}
export interface Failed {
  readonly name: string;
  readonly why: string;
}
export interface Progress {
  readonly share: number;
  readonly doing: string;
}

const BUDGET_MS = 900;
const LEAST = 3;
const MOST = 25;
/** A contender whose loss differs by more than this computes something else: it is not timed. */
const AGREES = 1e-4;

/** One that runs: how many bytes it moves per logit at least, and how it is made ready. */
interface Runner {
  readonly name: string;
  readonly bytesPerLogit: number;
  readonly ours: boolean;
  open(): Promise<{ job: Job | undefined; close(): void }>;
}

const alone = async (job: Job | Promise<Job>) => ({ job: await job, close: () => {} });

function runnersFor(
  problem: ClassProblem,
  work: Work,
  need: Need,
  onGpu: boolean,
  signal: AbortSignal,
): Runner[] {
  const isLoss = work === "loss";
  const bytesPerLogit = isLoss ? 4 : 12;
  const run = (name: string, ours: boolean, open: Runner["open"]): Runner => ({
    name,
    bytesPerLogit,
    ours,
    open,
  });
  const loop = run("plain loop", false, () => alone(plainLoop(problem, work, signal)));
  if (!onGpu)
    return [loop, run("webgpu-loss, CPU path", true, () => alone(cpuPath(problem, work)))];
  const list = [loop, run("webgpu-loss", true, () => alone(planned(problem, work, false)))];
  if (!isLoss)
    list.push(run("webgpu-loss, in place", true, () => alone(planned(problem, work, true))));
  if (!need.unfused)
    list.push(
      run("unfused pipeline", false, async () => {
        const opened = await unfused.open();
        return { job: await opened.prepare(problem, work), close: () => opened.close() };
      }),
    );
  return list;
}

async function sample(
  job: Job,
  signal: AbortSignal,
  progress: (share: number) => void,
): Promise<number[]> {
  const times: number[] = [];
  const began = performance.now();
  while (times.length < MOST) {
    await job.reset?.();
    signal.throwIfAborted();
    const start = performance.now();
    await job.run();
    times.push(performance.now() - start);
    const spent = performance.now() - began;
    progress(clamp(spent / BUDGET_MS, times.length / MOST, 1));
    // A run that takes the whole budget is its own sample.
    if (spent > BUDGET_MS && (times.length >= LEAST || spent > 3 * BUDGET_MS)) break;
    await breathe(signal);
  }
  return times;
}

async function gpuTime(job: Job): Promise<number | undefined> {
  if (!job.gpuTime) return undefined;
  const times: number[] = [];
  for (let i = 0; i < LEAST; i++) {
    await job.reset?.();
    times.push(await job.gpuTime());
  }
  const middle = quantile(times, 0.5);
  return middle > 0 ? middle : undefined;
}

/** Runs all contenders one after the other: each is checked first, then timed. Throws when cancelled. */
export async function runBench(
  problem: ClassProblem,
  work: Work,
  need: Need,
  onGpu: boolean,
  signal: AbortSignal,
  report: (progress: Progress) => void,
): Promise<{ timings: Timing[]; failures: Failed[] }> {
  const timings: Timing[] = [];
  const failures: Failed[] = [];
  const runners = runnersFor(problem, work, need, onGpu, signal);
  const { rows, classes } = problem;
  let reference = Number.NaN;

  const measure = async (
    { name, ours, bytesPerLogit }: Runner,
    at: number,
    job: Job,
  ): Promise<void> => {
    const step = (share: number, doing: string) =>
      report({ share: (at + share) / runners.length, doing: `${name}: ${doing}` });
    step(0, "first call");
    const start = performance.now();
    await job.reset?.();
    const loss = await job.run();
    const firstMs = performance.now() - start;
    signal.throwIfAborted();
    if (at === 0) reference = loss;
    const relativeError = Math.abs(loss - reference) / Math.abs(reference);
    if (!(relativeError < AGREES)) {
      failures.push({ name, why: `gives ${loss}, expected ${reference}` });
      return;
    }
    const times = await sample(job, signal, (share) => step(0.1 + 0.8 * share, "timing"));
    const gpuMs = await gpuTime(job);
    const medianMs = quantile(times, 0.5);
    timings.push({
      name,
      ours,
      medianMs,
      p10Ms: quantile(times, 0.1),
      p90Ms: quantile(times, 0.9),
      samples: times.length,
      firstMs,
      gpuMs,
      gigabytesPerSecond: (rows * classes * bytesPerLogit) / (medianMs * 1e6),
      tokensPerSecond: rows / (medianMs / 1000),
      relativeError,
    });
  };

  for (const [at, runner] of runners.entries()) {
    signal.throwIfAborted();
    let opened: Awaited<ReturnType<Runner["open"]>> | undefined;
    try {
      opened = await runner.open();
      if (opened.job) await measure(runner, at, opened.job);
    } catch (error) {
      if (signal.aborted) throw error;
      failures.push({ name: runner.name, why: String(error) });
    } finally {
      opened?.job?.free();
      opened?.close();
    }
  }
  report({ share: 1, doing: "done" });
  return { timings, failures };
}
