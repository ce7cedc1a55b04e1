import { crossEntropy, openBackend, tensor } from "../../src/index.js";
import type { Contender, Job, Problem, Work } from "../page/contract.js";
import { clipJob, plainPairs } from "./pairs.js";

const bytesPerLogit = { loss: 4, "loss+gradient": 12 } as const;

/** The CPU path of the library, on the page's own thread: the reference, and as the fallback has it. */
const cpuPath = (precision: "float64" | "float32"): Contender => ({
  name: precision === "float64" ? "webgpu-loss cpu" : "webgpu-loss cpu float32",
  kind: "js",
  group: "ours",
  storage: "f32",
  bytesPerLogit,
  async open() {
    const backend = await openBackend({ kind: "cpu", precision });
    const prepare = async (problem: Problem, work: Work): Promise<Job | undefined> => {
      if (problem.kind === "pairs") {
        // The pairs know one precision.
        return precision === "float64" ? clipJob(backend, problem, work, false) : undefined;
      }
      const { shape, inner } = problem;
      const classAxis = inner > 1 ? 1 : -1;
      const logits = tensor(problem.logits, shape);
      const labelsShape = shape.filter((_, axis) => axis !== (inner > 1 ? 1 : shape.length - 1));
      const targets = tensor(problem.labels, labelsShape);
      let gradient: ArrayLike<number> | undefined;
      return {
        run: async () => {
          const options = { backend, classAxis, gradients: work !== "loss" };
          const result = await crossEntropy(logits, targets, options);
          const storage = result.gradients.logits?.storage;
          gradient =
            storage?.kind === "host" ? (storage.data as Float32Array | Float64Array) : undefined;
          return result.loss.item();
        },
        gradients: async () => (gradient ? [gradient] : []),
        free: () => {},
      };
    };
    return { prepare, close: () => backend.destroy() };
  },
});

export const cpuPaths: readonly Contender[] = [cpuPath("float64"), cpuPath("float32")];

/** What one writes without a library: float32 arrays, a row at a time. */
export const plainLoop: Contender = {
  name: "plain loop",
  kind: "js",
  group: "rival",
  storage: "f32",
  bytesPerLogit,
  async open() {
    const prepare = async (problem: Problem, work: Work): Promise<Job | undefined> => {
      if (problem.kind === "pairs") return plainPairs(problem, work);
      const { rows, classes, inner, logits, labels } = problem;
      const gradient = new Float32Array(work === "loss" ? 0 : logits.length);
      const run = async (): Promise<number> => {
        let count = 0;
        for (let row = 0; row < rows; row++) if ((labels[row] as number) >= 0) count += 1;
        let sum = 0;
        for (let row = 0; row < rows; row++) {
          const label = labels[row] as number;
          if (label < 0) continue;
          const base = Math.floor(row / inner) * inner * classes + (row % inner);
          const end = base + classes * inner;
          let max = Number.NEGATIVE_INFINITY;
          for (let i = base; i < end; i += inner) {
            const x = logits[i] as number;
            if (x > max) max = x;
          }
          let total = 0;
          for (let i = base; i < end; i += inner) total += Math.exp((logits[i] as number) - max);
          sum += max + Math.log(total) - (logits[base + label * inner] as number);
          if (work === "loss") continue;
          const scale = 1 / (total * count);
          for (let i = base; i < end; i += inner) {
            gradient[i] = Math.exp((logits[i] as number) - max) * scale;
          }
          const at = base + label * inner;
          gradient[at] = (gradient[at] as number) - 1 / count;
        }
        return sum / count;
      };
      return { run, gradients: async () => [gradient], free: () => {} };
    };
    return { prepare, close: () => {} };
  },
};
