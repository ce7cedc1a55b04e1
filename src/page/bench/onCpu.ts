import type { ClassProblem, Job } from "../../../bench/page/contract.js";
import { crossEntropy, tensor } from "../../index.js";
import { session } from "../parts/session.js";
import { breathe } from "./breathe.js";
import type { Work } from "./size.js";

/** What one writes without a library: a loop over each row, on this thread, giving way to the page between rows. */
export function plainLoop(problem: ClassProblem, work: Work, signal: AbortSignal): Job {
  const { rows, classes, logits, labels } = problem;
  const gradient = work === "loss" ? undefined : new Float32Array(rows * classes);
  const run = async (): Promise<number> => {
    let total = 0;
    for (let row = 0; row < rows; row++) {
      const first = row * classes;
      const label = first + (labels[row] as number);
      let max = Number.NEGATIVE_INFINITY;
      for (let i = first; i < first + classes; i++) max = Math.max(max, logits[i] as number);
      let sum = 0;
      for (let i = first; i < first + classes; i++) sum += Math.exp((logits[i] as number) - max);
      total += max + Math.log(sum) - (logits[label] as number);
      if (gradient) {
        for (let i = first; i < first + classes; i++)
          gradient[i] = Math.exp((logits[i] as number) - max) / sum / rows;
        gradient[label] = (gradient[label] as number) - 1 / rows;
      }
      await breathe(signal);
    }
    return total / rows;
  };
  return { run, free: () => {} };
}

/** The library's float64 path, where there is no GPU. */
export async function cpuPath(problem: ClassProblem, work: Work): Promise<Job> {
  const { reference: backend } = await session();
  const logits = tensor(problem.logits, problem.shape);
  const options = { backend, gradients: work !== "loss" };
  return {
    run: async () => (await crossEntropy(logits, problem.labels, options)).loss.item(),
    free: () => {},
  };
}
