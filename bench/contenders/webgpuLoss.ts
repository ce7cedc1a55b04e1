import { crossEntropy, type LossResult, openBackend, tensor } from "../../src/index.js";
import type {
  ClassProblem,
  Contender,
  Job,
  Opened,
  Problem,
  Storage,
  Work,
} from "../page/contract.js";
import { gpuMilliseconds, storage as storageBuffer } from "./gpu.js";
import { clipJob } from "./pairs.js";

type How = "call" | "plan";
type Backend = Awaited<ReturnType<typeof openBackend>>;
type Result = LossResult<"logits">;

const bytes = { f32: 4, f16: 2, bf16: 2 } as const;

/** A gradient over the logits, in their own format, or in a float32 buffer of its own. */
interface Ways {
  readonly storage: Storage;
  readonly inPlace: boolean;
  readonly how: How;
}

class Ours implements Opened {
  readonly #backend: Backend;
  readonly #ways: Ways;
  constructor(backend: Backend, ways: Ways) {
    this.#backend = backend;
    this.#ways = ways;
  }

  async prepare(problem: Problem, work: Work): Promise<Job | undefined> {
    const { storage, how } = this.#ways;
    if (problem.kind === "pairs") {
      const isOne = storage === "f32" && !this.#ways.inPlace;
      return isOne ? clipJob(this.#backend, problem, work, how === "plan") : undefined;
    }
    // In place is a way to store the gradient; and two 16-bit pixels of an image share a word.
    const inPlace = this.#ways.inPlace && (storage === "f32" || problem.inner === 1);
    if (this.#ways.inPlace && storage === "f32" && work === "loss") return undefined;
    const backend = this.#backend;
    const device = backend.device as GPUDevice;
    const { shape } = problem;
    const host = tensor(problem.logits, shape, { dtype: storage }).storage;
    const data = (host as { data: ArrayBufferView<ArrayBuffer> }).data;
    const logitsBuffer = storageBuffer(device, data);
    const pristine = work !== "loss" && inPlace ? storageBuffer(device, data) : undefined;
    const labelsBuffer = storageBuffer(device, problem.labels);
    const logits = tensor(logitsBuffer, shape, { dtype: storage, backend });
    const labelsShape = shape.filter((_, axis) => axis !== axisOf(problem));
    const targets = tensor(labelsBuffer, labelsShape, { dtype: "i32", backend });
    const options = {
      backend,
      classAxis: axisOf(problem),
      gradients: work === "loss" ? false : inPlace ? { logits: "inPlace" as const } : true,
    };
    const buffers = { logits: logitsBuffer, targets: labelsBuffer };
    const shapes = {
      logits: { shape, dtype: storage },
      targets: { shape: labelsShape, dtype: "i32" as const },
    };
    const plan = how === "plan" ? await crossEntropy.plan(shapes, options) : undefined;
    let last: Result | undefined;
    const run = async (): Promise<number> => {
      last?.destroy();
      last = plan ? plan.run(buffers) : await crossEntropy(logits, targets, options);
      return last.loss.item();
    };
    const gpuTime = async (): Promise<number> =>
      (await gpuMilliseconds(device, (encoder) => plan?.encode(encoder, buffers))) ?? Number.NaN;
    const reset = async (): Promise<void> => {
      if (!pristine) return;
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(pristine, 0, logitsBuffer, 0, pristine.size);
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
    };
    return {
      run,
      ...(pristine ? { reset } : {}),
      ...(plan && device.features.has("timestamp-query") ? { gpuTime } : {}),
      gpuBytes: () => backend.memory().live + logitsBuffer.size * (pristine ? 2 : 1),
      gradients: async () => {
        const gradient = last?.gradients.logits;
        return gradient ? [(await gradient.read()) as Float32Array] : [];
      },
      free: () => {
        last?.destroy();
        plan?.destroy();
        for (const buffer of [logitsBuffer, pristine, labelsBuffer]) buffer?.destroy();
      },
    };
  }

  close(): void {
    this.#backend.destroy();
  }
}

const axisOf = ({ inner, shape }: ClassProblem): number => (inner > 1 ? 1 : shape.length - 1);

function ours(name: string, ways: Ways): Contender {
  const unit = bytes[ways.storage];
  return {
    name,
    kind: "webgpu",
    group: "ours",
    storage: ways.storage,
    bytesPerLogit: { loss: unit, "loss+gradient": 2 * unit + (ways.inPlace ? unit : 4) },
    open: async () => new Ours(await openBackend({ kind: "webgpu" }), ways),
  };
}

export const webgpuLoss: readonly Contender[] = [
  ours("webgpu-loss", { storage: "f32", inPlace: false, how: "call" }),
  ours("webgpu-loss plan.run", { storage: "f32", inPlace: false, how: "plan" }),
  ours("webgpu-loss in place", { storage: "f32", inPlace: true, how: "plan" }),
  ours("webgpu-loss f16", { storage: "f16", inPlace: true, how: "plan" }),
  ours("webgpu-loss bf16", { storage: "bf16", inPlace: true, how: "plan" }),
];
