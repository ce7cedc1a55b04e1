import { classProblem } from "./cases.js";
import type { Report } from "./compare.js";
import type { ClassProblem, Contender, Opened } from "./contract.js";
import type { Pace } from "./pace.js";
import { Random } from "./random.js";
import { referenceOf } from "./reference.js";

/** What happens at a corner: "ok", or how far off, or the error. */
export interface Corner {
  readonly corner: string;
  readonly contender: string;
  readonly verdict: string;
}

const TOO_LONG_MS = 3000;

const small = (rows = 512, classes = 50): ClassProblem =>
  classProblem("corner", [rows, classes], rows, classes, 1, new Random(7));

const corners: Readonly<Record<string, () => ClassProblem>> = {
  "label -100": () => {
    const problem = small();
    for (let row = 0; row < problem.rows; row += 4) problem.labels[row] = -100;
    return problem;
  },
  "logits × 30": () => {
    const problem = small();
    for (const [at, x] of problem.logits.entries()) problem.logits[at] = 30 * x;
    return problem;
  },
  "-inf logits": () => {
    const problem = small();
    for (let row = 0; row < problem.rows; row++) {
      const k = ((problem.labels[row] as number) + 1) % problem.classes;
      problem.logits[row * problem.classes + k] = Number.NEGATIVE_INFINITY;
    }
    return problem;
  },
  "one class": () => small(512, 1),
  "70 000 rows": () => small(70_000, 4),
};

const percent = (error: number): string =>
  Number.isNaN(error)
    ? "NaN"
    : error > 0.1
      ? `${(error * 100).toFixed(0)} % off`
      : `${error.toExponential(0)} off`;

async function judge(
  { name, storage }: Contender,
  opened: Opened,
  problem: ClassProblem,
  pace: Pace,
): Promise<string> {
  if (pace.least(name, problem.rows) > TOO_LONG_MS) return "too slow to try";
  const job = await opened.prepare(problem, "loss+gradient");
  if (!job) return "";
  try {
    await job.reset?.();
    const loss = await job.run();
    const truth = referenceOf(problem, storage);
    const lossError = Math.abs(loss - truth.loss) / Math.max(Math.abs(truth.loss), 1e-3);
    const gradientError = truth.gradientError((await job.gradients?.()) ?? []);
    await job.reset?.();
    // The first run compiled; this one tells what a row costs.
    const began = performance.now();
    await job.run();
    pace.learn(name, problem.rows, performance.now() - began);
    const wrong: string[] = [];
    if (!(lossError <= 1e-4)) wrong.push(`loss ${percent(lossError)}`);
    if (!(gradientError <= 1e-2)) wrong.push(`gradient ${percent(gradientError)}`);
    return wrong.join(", ") || "ok";
  } finally {
    job.free();
  }
}

/** Every contender with a gradient, at every corner. */
export async function judgeCorners(
  contenders: readonly Contender[],
  pace: Pace,
  report: Report,
): Promise<Corner[]> {
  const found: Corner[] = [];
  for (const contender of contenders) {
    if (contender.group === "limit") continue;
    report(`corners: ${contender.name}`);
    const opened = await contender.open().catch((error) => String(error));
    if (typeof opened === "string") {
      report(`  ${contender.name} does not open: ${opened}`);
      continue;
    }
    for (const [corner, make] of Object.entries(corners)) {
      const problem = make();
      const verdict = await judge(contender, opened, problem, pace).catch(
        (error) =>
          `refuses: ${String(error)
            .replace(/^(\w*Error: )+/, "")
            .slice(0, 32)}`,
      );
      if (verdict !== "") found.push({ corner, contender: contender.name, verdict });
    }
    opened.close();
  }
  return found;
}
