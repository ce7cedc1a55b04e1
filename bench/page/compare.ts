import type { Contender, Failure, Job, Opened, Problem, Row, Work } from "./contract.js";
import { liveBytes, mark } from "./ledger.js";
import type { Pace } from "./pace.js";
import { type Reference, referenceOf } from "./reference.js";
import { median, quantile } from "./statistics.js";
import { timeInterleaved } from "./timing.js";

export type Report = (line: string) => void;

/** Relative error of the loss, and of the gradient in units of its largest element, above which an answer is wrong. */
const tolerance = {
  f32: { loss: 1e-4, gradient: 1e-3 },
  f16: { loss: 1e-4, gradient: 2 ** -9 },
  bf16: { loss: 1e-4, gradient: 2 ** -7 },
} as const;

const TOO_LONG_MS = 3000;

interface Ready {
  readonly contender: Contender;
  readonly job: Job;
  readonly firstMs: number;
  readonly peakGpuBytes: number;
  /** What was alive before it prepared anything. */
  readonly liveBefore: number;
  readonly lossError: number;
  readonly gradientError: number | undefined;
}

const inputBytes = (problem: Problem, unit: number): number =>
  problem.kind === "classes"
    ? problem.logits.length * unit + problem.labels.byteLength
    : problem.left.byteLength + problem.right.byteLength;

export const elementsOf = (problem: Problem): number =>
  problem.kind === "classes" ? problem.logits.length : problem.rows * problem.rows;

/** Prepares a contender, runs it for the first time and judges its numbers. */
async function verify(
  contender: Contender,
  opened: Opened,
  problem: Problem,
  work: Work,
  reference: (contender: Contender) => Reference,
): Promise<Ready | string | undefined> {
  const rise = mark();
  const liveBefore = liveBytes();
  const began = performance.now();
  const job = await opened.prepare(problem, work);
  if (!job) return undefined;
  // Making the inputs is not the first call; compiling, wherever it happens, is.
  await job.reset?.();
  const prepared = performance.now();
  const loss = await job.run();
  const done = performance.now();
  const unit = contender.storage === "f32" ? 4 : 2;
  const copies = job.reset ? 2 : 1;
  const most = job.gpuBytes?.() ?? rise();
  const peakGpuBytes = Math.max(most - copies * inputBytes(problem, unit), 0);
  const firstMs = done - (contender.group === "ours" ? prepared : began);
  if (contender.group === "limit") {
    const right = { lossError: 0, gradientError: undefined };
    return { contender, job, firstMs, peakGpuBytes, liveBefore, ...right };
  }
  const truth = reference(contender);
  const lossError = Math.abs(loss - truth.loss) / Math.abs(truth.loss);
  const gradients = work === "loss" ? undefined : ((await job.gradients?.()) ?? []);
  const gradientError = gradients && truth.gradientError(gradients);
  const allowed = tolerance[contender.storage];
  const wrong =
    !(lossError <= allowed.loss) ||
    (gradientError !== undefined && !(gradientError <= allowed.gradient));
  if (wrong) {
    job.free();
    const off =
      gradientError === undefined ? "" : `, gradient off by ${gradientError.toExponential(1)}`;
    return `WRONG: loss off by ${lossError.toExponential(1)}${off}`;
  }
  return { contender, job, firstMs, peakGpuBytes, liveBefore, lossError, gradientError };
}

/** One shape: every contender verified, then timed in turn, in about `budgetMs`. `opened` is kept from shape to shape. */
export async function compare(
  contenders: readonly Contender[],
  opened: Map<Contender, Opened>,
  problem: Problem,
  budgetMs: number,
  pace: Pace,
  report: Report,
): Promise<{ rows: Row[]; failures: Failure[] }> {
  const rows: Row[] = [];
  const failures: Failure[] = [];
  const kept = new Map<Contender, number>();
  const references = new Map<string, Reference>();
  const reference = ({ storage }: Contender): Reference => {
    const known = references.get(storage) ?? referenceOf(problem, storage);
    references.set(storage, known);
    return known;
  };
  const fail = (contender: string, work: Work, why: string): void => {
    failures.push({ shape: problem.name, work, contender, why });
    report(`  ${contender}, ${work}: ${why}`);
  };
  for (const work of ["loss", "loss+gradient"] as const) {
    const began = performance.now();
    const ready: Ready[] = [];
    for (const contender of contenders) {
      const expected = pace.least(contender.name, problem.rows);
      if (expected > Math.max(budgetMs / 4, TOO_LONG_MS)) {
        fail(contender.name, work, `not tried: a run would take ${(expected / 1000).toFixed(0)} s`);
        continue;
      }
      report(`${problem.name}, ${work}: checking ${contender.name}`);
      try {
        const session = opened.get(contender) ?? (await contender.open());
        opened.set(contender, session);
        const found = await verify(contender, session, problem, work, reference);
        if (typeof found === "string") fail(contender.name, work, found);
        else if (found) ready.push(found);
      } catch (error) {
        fail(contender.name, work, `FAILED: ${String(error).split("\n")[0]}`);
      }
    }
    report(`${problem.name}, ${work}: timing ${ready.length} contenders in turn`);
    const timed = await timeInterleaved(
      ready.map(({ job }) => job),
      Math.max(budgetMs / 2 - (performance.now() - began), 0),
    );
    for (const [at, found] of ready.entries()) {
      const { contender, firstMs, peakGpuBytes, lossError, gradientError } = found;
      const { samples, gpuMs } = timed[at] as (typeof timed)[number];
      const elements = elementsOf(problem);
      if (contender.group !== "limit") {
        pace.learn(contender.name, problem.rows, Math.min(...samples));
      }
      const isGpu = contender.kind === "webgpu" && contender.group !== "limit";
      rows.push({
        shape: problem.name,
        work,
        contender: contender.name,
        kind: contender.kind,
        storage: contender.storage,
        medianMs: median(samples),
        minMs: Math.min(...samples),
        p10Ms: quantile(samples, 0.1),
        p90Ms: quantile(samples, 0.9),
        samples: samples.length,
        firstMs,
        ...(gpuMs === undefined ? {} : { gpuMs }),
        elements,
        tokens: problem.rows,
        bytes: elements * contender.bytesPerLogit[work],
        ...(isGpu
          ? { peakGpuBytes: peakGpuBytes + (contender.perShape ? (kept.get(contender) ?? 0) : 0) }
          : {}),
        lossError,
        ...(gradientError === undefined ? {} : { gradientError }),
      });
    }
    // In the order of a stack, so that what is alive afterwards is what the contender keeps in its pool.
    for (const { contender, job, liveBefore } of ready.reverse()) {
      job.free();
      kept.set(contender, Math.max(liveBytes() - liveBefore, 0));
    }
  }
  for (const contender of contenders.filter(({ perShape }) => perShape)) {
    opened.get(contender)?.close();
    opened.delete(contender);
  }
  return { rows, failures };
}
