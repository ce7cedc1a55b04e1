import { storage } from "../contenders/gpu.js";
import type { Contender, Job, Problem, Work } from "../page/contract.js";
import { load } from "./load.js";
import { classModel, type Form, labelShape, pairModel } from "./onnxGraphs.js";

// biome-ignore lint/suspicious/noExplicitAny: ONNX Runtime is not there when types are checked
type Any = any;

const folder = "onnxruntime-web/dist";

async function runtime(provider: "webgpu" | "wasm"): Promise<Any> {
  const ort = await load(`${folder}/ort.${provider}.bundle.min.mjs`);
  ort.env.wasm.wasmPaths = `/peers/${folder}/`;
  ort.env.wasm.numThreads = navigator.hardwareConcurrency;
  ort.env.logLevel = "error";
  return ort;
}

/** ONNX Runtime Web: the loss as a graph of its operators, the gradient by hand. */
function onnxruntime(provider: "webgpu" | "wasm", form: Form, works: readonly Work[]): Contender {
  return {
    name: `onnxruntime-web ${provider}, ${form}`,
    kind: provider,
    group: "rival",
    storage: "f32",
    bytesPerLogit: { loss: 4, "loss+gradient": 12 },
    async open() {
      const ort = await runtime(provider);
      return {
        async prepare(problem: Problem, work: Work): Promise<Job | undefined> {
          // Similarity has one graph, whatever the form of the row loss.
          if (!works.includes(work)) return undefined;
          if (problem.kind === "pairs" && form !== "Softmax") return undefined;
          const bytes =
            problem.kind === "classes" ? classModel(problem, work, form) : pairModel(problem, work);
          const gradientNames =
            work === "loss" ? [] : problem.kind === "classes" ? ["gradient"] : ["da", "db"];
          const onGpu = Object.fromEntries(gradientNames.map((name) => [name, "gpu-buffer"]));
          const session = await ort.InferenceSession.create(bytes, {
            executionProviders: [provider],
            ...(provider === "webgpu"
              ? { preferredOutputLocation: { loss: "cpu", ...onGpu } }
              : {}),
          });
          const device: GPUDevice | undefined =
            provider === "webgpu" ? await ort.env.webgpu.device : undefined;
          const buffers: GPUBuffer[] = [];
          const place = (data: Any, type: string, dims: readonly number[]): Any => {
            if (!device) return new ort.Tensor(type, data, dims);
            const buffer = storage(device, data);
            buffers.push(buffer);
            return ort.Tensor.fromGpuBuffer(buffer, { dataType: type, dims });
          };
          const feeds = feedsOf(problem, place);
          let last: Any;
          const free = (): void => {
            for (const tensor of Object.values<Any>(last ?? {})) tensor.dispose();
            last = undefined;
          };
          return {
            run: async () => {
              free();
              last = await session.run(feeds);
              // The loss came back by a copy behind all the work.
              return Number(last.loss.data[0]);
            },
            gradients: () => Promise.all(gradientNames.map((name) => last[name].getData())),
            free: () => {
              free();
              session.release();
              for (const buffer of buffers) buffer.destroy();
            },
          };
        },
        close() {},
      };
    },
  };
}

function feedsOf(
  problem: Problem,
  place: (data: Any, type: string, dims: readonly number[]) => Any,
): Record<string, Any> {
  if (problem.kind === "pairs") {
    const dims = [problem.rows, problem.depth];
    return { a: place(problem.left, "float32", dims), b: place(problem.right, "float32", dims) };
  }
  const labels = BigInt64Array.from(problem.labels, BigInt);
  return {
    x: place(problem.logits, "float32", problem.shape),
    y: place(labels, "int64", labelShape(problem)),
  };
}

const both: readonly Work[] = ["loss", "loss+gradient"];

export const onnxruntimes: readonly Contender[] = [
  onnxruntime("webgpu", "Softmax", both),
  onnxruntime("wasm", "Softmax", both),
  onnxruntime("webgpu", "LogSoftmax", both),
  onnxruntime("wasm", "LogSoftmax", both),
  onnxruntime("webgpu", "SoftmaxCrossEntropyLoss", ["loss"]),
  onnxruntime("wasm", "SoftmaxCrossEntropyLoss", ["loss"]),
];
