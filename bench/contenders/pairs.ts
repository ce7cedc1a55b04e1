import { clip, type LossResult, type openBackend, tensor } from "../../src/index.js";
import type { Job, PairProblem, Work } from "../page/contract.js";
import { storage } from "./gpu.js";

type Backend = Awaited<ReturnType<typeof openBackend>>;

/** The library's CLIP loss, on either backend. */
export async function clipJob(
  backend: Backend,
  problem: PairProblem,
  work: Work,
  planned: boolean,
): Promise<Job> {
  const { rows, depth, temperature, left, right } = problem;
  const shape = [rows, depth];
  const device = backend.device;
  const buffers = device ? [storage(device, left), storage(device, right)] : [];
  const [images, texts] = device
    ? buffers.map((buffer) => tensor(buffer, shape, { backend }))
    : [left, right].map((data) => tensor(data, shape));
  if (!images || !texts) throw new Error("no inputs");
  const options = { backend, logitScale: -Math.log(temperature), gradients: work !== "loss" };
  const plan = planned ? await clip.plan({ images: shape, texts: shape }, options) : undefined;
  let last: LossResult<"images" | "texts"> | undefined;
  return {
    run: async () => {
      last?.destroy();
      last = plan
        ? plan.run({ images: buffers[0], texts: buffers[1] })
        : await clip(images, texts, options);
      return last.loss.item();
    },
    gpuBytes: () => backend.memory().live + left.byteLength + right.byteLength,
    gradients: async () => {
      const { images: a, texts: b } = last?.gradients ?? {};
      return a && b ? [await a.read(), await b.read()].map((g) => g as Float32Array) : [];
    },
    free: () => {
      last?.destroy();
      plan?.destroy();
      for (const buffer of buffers) buffer.destroy();
    },
  };
}

/** The CLIP loss as loops over float32 arrays. */
export function plainPairs(problem: PairProblem, work: Work): Job {
  const { rows: n, depth, temperature } = problem;
  const given = [problem.left, problem.right] as const;
  const unit = given.map((x) => new Float32Array(x.length));
  const norms = given.map(() => new Float32Array(n));
  const s = new Float32Array(n * n);
  const gradients = given.map((x) => new Float32Array(work === "loss" ? 0 : x.length));
  const at = (x: Float32Array, i: number): number => x[i] as number;

  const normalise = (side: 0 | 1): void => {
    const x = given[side];
    const u = unit[side] as Float32Array;
    for (let i = 0; i < n; i++) {
      let square = 0;
      for (let k = i * depth; k < (i + 1) * depth; k++) square += at(x, k) ** 2;
      const norm = Math.sqrt(square);
      (norms[side] as Float32Array)[i] = norm;
      for (let k = i * depth; k < (i + 1) * depth; k++) u[k] = at(x, k) / norm;
    }
  };
  const back = (side: 0 | 1): void => {
    const u = unit[side] as Float32Array;
    const other = unit[1 - side] as Float32Array;
    const g = gradients[side] as Float32Array;
    g.fill(0);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const slope = at(s, side === 0 ? i * n + j : j * n + i);
        for (let k = 0; k < depth; k++)
          g[i * depth + k] = at(g, i * depth + k) + slope * at(other, j * depth + k);
      }
      let along = 0;
      for (let k = i * depth; k < (i + 1) * depth; k++) along += at(g, k) * at(u, k);
      const norm = at(norms[side] as Float32Array, i);
      for (let k = i * depth; k < (i + 1) * depth; k++) g[k] = (at(g, k) - along * at(u, k)) / norm;
    }
  };
  const run = async (): Promise<number> => {
    normalise(0);
    normalise(1);
    const [a, b] = unit as [Float32Array, Float32Array];
    const rowSums = new Float64Array(n);
    const columnSums = new Float64Array(n);
    let own = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let dot = 0;
        for (let k = 0; k < depth; k++) dot += at(a, i * depth + k) * at(b, j * depth + k);
        const x = dot / temperature;
        if (i === j) own += x;
        // Cosines over the temperature stay small enough for exp as they are.
        const e = Math.exp(x);
        s[i * n + j] = e;
        rowSums[i] = (rowSums[i] as number) + e;
        columnSums[j] = (columnSums[j] as number) + e;
      }
    }
    let logs = 0;
    for (let i = 0; i < n; i++) {
      logs += Math.log(rowSums[i] as number) + Math.log(columnSums[i] as number);
    }
    if (work !== "loss") {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          const e = at(s, i * n + j);
          const p = e / (rowSums[i] as number) + e / (columnSums[j] as number);
          s[i * n + j] = (p - (i === j ? 2 : 0)) / (2 * n * temperature);
        }
      }
      back(0);
      back(1);
    }
    return (logs / 2 - own) / n;
  };
  return { run, gradients: async () => gradients, free: () => {} };
}
