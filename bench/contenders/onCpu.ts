import { crossEntropy, openBackend, tensor } from "../../src/index.js";
import type { Contender, Job, Problem, Work } from "../page/contract.js";
import { clipJob, plainPairs } from "./pairs.js";

const bytesPerLogit = { loss: 4, "loss+gradient": 12 } as const;

type Precision = "float64" | "float32";

/** The CPU path of the library, on the page's own thread: the reference, as the fallback has it, and by a plan. */
const cpuPath = (name: string, precision: Precision, isPlanned = false): Contender => ({
  name,
  kind: "js",
  group: "ours",
  storage: "f32",
  bytesPerLogit,
  async open() {
    const backend = await openBackend({ kind: "cpu", precision });
    const prepare = async (problem: Problem, work: Work): Promise<Job | undefined> => {
      if (problem.kind === "pairs") {
        // The pairs know one precision, and make room anew in each run of a plan.
        return precision === "float64" ? clipJob(backend, problem, work, false) : undefined;
      }
      const { shape, inner } = problem;
      const classAxis = inner > 1 ? 1 : -1;
      const logits = tensor(problem.logits, shape);
      const labelsShape = shape.filter((_, axis) => axis !== (inner > 1 ? 1 : shape.length - 1));
      const targets = tensor(problem.labels, labelsShape);
      const options = { backend, classAxis, gradients: work !== "loss" };
      const shapes = { logits: shape, targets: { shape: labelsShape, dtype: "i32" as const } };
      const plan = isPlanned ? await crossEntropy.plan(shapes, options) : undefined;
      const inputs = { logits, targets };
      let gradient: ArrayLike<number> | undefined;
      return {
        run: async () => {
          const result = plan ? plan.run(inputs) : await crossEntropy(logits, targets, options);
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

export const cpuPaths: readonly Contender[] = [
  cpuPath("webgpu-loss cpu", "float64"),
  cpuPath("webgpu-loss cpu float32", "float32"),
  cpuPath("webgpu-loss cpu float32 plan.run", "float32", true),
];

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
