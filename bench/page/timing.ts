import type { Job } from "./contract.js";

/** Milliseconds of each run of each job, taken in turn. */
export interface Timed {
  readonly samples: readonly number[];
  readonly gpuMs?: number;
}

const LEAST = 3;
const MOST = 25;
/** A run of this length is its own sample where time is short. */
const SLOW_MS = 1000;

async function once(job: Job): Promise<number> {
  await job.reset?.();
  const began = performance.now();
  await job.run();
  return performance.now() - began;
}

/**
 * Times jobs interleaved, A B C A B C …, for about `budgetMs` together: what else happens on the machine
 * then happens to all. A slow job sits out some rounds, spread evenly.
 */
export async function timeInterleaved(jobs: readonly Job[], budgetMs: number): Promise<Timed[]> {
  const share = budgetMs / Math.max(jobs.length, 1);
  const samples: number[][] = jobs.map(() => []);
  const wanted: number[] = [];
  for (const [at, job] of jobs.entries()) {
    // The first run of all was the verification; this one warms up and tells the pace.
    const pace = await once(job);
    const isSlow = pace > share && pace > SLOW_MS;
    if (isSlow) samples[at]?.push(pace);
    wanted.push(isSlow ? 1 : Math.min(Math.max(Math.floor(share / pace), LEAST), MOST));
  }
  const rounds = Math.max(...wanted, LEAST);
  for (let round = 0; round < rounds; round++) {
    for (const [at, job] of jobs.entries()) {
      const due = Math.floor(((round + 1) * (wanted[at] as number)) / rounds);
      const mine = samples[at] as number[];
      if (mine.length < due) mine.push(await once(job));
    }
  }
  const timed: Timed[] = [];
  for (const [at, job] of jobs.entries()) {
    const gpu: number[] = [];
    const isSlow = (samples[at]?.length ?? 0) < LEAST;
    for (let again = 0; job.gpuTime && !isSlow && again < LEAST; again++) {
      await job.reset?.();
      gpu.push(await job.gpuTime());
    }
    gpu.sort((a, b) => a - b);
    const gpuMs = gpu[1];
    timed.push({
      samples: samples[at] as number[],
      ...(gpuMs !== undefined && Number.isFinite(gpuMs) ? { gpuMs } : {}),
    });
  }
  return timed;
}
