/** One way for tensors to come in. */
export interface Recipe {
  readonly id: string;
  readonly name: string;
  readonly text: string;
  readonly code: string;
}

export const recipes: readonly Recipe[] = [
  {
    id: "array",
    name: "Arrays",
    text: "One import, from npm or from a script tag. Nothing else is needed: the first call opens the GPU, or the CPU where there is none.",
    code: `// npm install webgpu-loss
import { crossEntropy } from "webgpu-loss";

// or, in a page without a build step:
// <script type="module">
// import { crossEntropy } from "https://cdn.jsdelivr.net/npm/webgpu-loss/dist/index.js";

const { loss, gradients, backend } = await crossEntropy([[2, 1, 0]], [0], { gradients: true });
await loss.item();               // 0.4076
await gradients.logits.read();   // Float32Array: softmax minus the target`,
  },
  {
    id: "raw",
    name: "GPUBuffer",
    text: "Your own buffers on your own device, which is used as it is and never destroyed; offsets need not divide by 256. In a training loop a plan records into your command encoder.",
    code: `import { crossEntropy, openBackend, tensor } from "webgpu-loss";

const backend = await openBackend({ device });               // your GPUDevice
const logits = tensor({ buffer, offset: 4096 }, [rows, classes], { dtype: "f16", backend });
const { loss, gradients } = await crossEntropy(logits, targets, { gradients: true });
gradients.logits.buffer;                                     // a GPUBuffer, for your next kernel
await loss.item();                                           // the only readback: 4 bytes

// The same without any allocation, inside your own submit:
const plan = await crossEntropy.plan(
  { logits: [rows, classes], targets: [rows] },
  { backend, gradients: true },
);
const encoder = device.createCommandEncoder();
const step = plan.encode(encoder, { logits: { buffer }, targets: { buffer: labels } });
// ...your optimizer's passes read step.gradients.logits.buffer...
device.queue.submit([encoder.finish()]);`,
  },
  {
    id: "onnx",
    name: "ONNX Runtime",
    text: "Ask the session to leave its outputs in GPU buffers, and open the backend on the same device. The runtime's buffers are larger than their tensors; their dims are what counts, and what is read.",
    code: `import * as ort from "onnxruntime-web/webgpu";
import { crossEntropy, openBackend } from "webgpu-loss";

const model = await ort.InferenceSession.create(url, {
  executionProviders: ["webgpu"],
  preferredOutputLocation: "gpu-buffer",
});
const backend = await openBackend({ device: await ort.env.webgpu.device });
const { logits } = await model.run(feeds);
const { loss } = await crossEntropy(logits, labels, { backend, shift: true });
const value = await loss.item();
logits.dispose();`,
  },
  {
    id: "transformers",
    name: "transformers.js",
    text: "The logits are an ONNX Runtime tensor underneath, which is found by itself. Models with a key-value cache bring their logits to the CPU: those go in too, as an upload.",
    code: `import { AutoModelForCausalLM, AutoTokenizer } from "@huggingface/transformers";
import { crossEntropy, openBackend } from "webgpu-loss";

const backend = await openBackend();
const model = await AutoModelForCausalLM.from_pretrained(id, {
  device: "webgpu",
  session_options: {
    executionProviders: [{ name: "webgpu", device: backend.device }],
    preferredOutputLocation: { logits: "gpu-buffer" },
  },
});
const { logits } = await model(inputs);                      // (batch, tokens, vocabulary)
const { loss, perplexity } = await crossEntropy(logits, inputs.input_ids, {
  backend, shift: true, outputs: ["perplexity"],
});`,
  },
  {
    id: "tensorflow",
    name: "TensorFlow.js",
    text: "Open the backend on TensorFlow's device. Small tensors stay on its CPU unless that is switched off. A result goes back without a copy.",
    code: `import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-webgpu";
import { crossEntropy, openBackend } from "webgpu-loss";

await tf.setBackend("webgpu");
tf.env().set("WEBGPU_CPU_FORWARD", false);
const backend = await openBackend({ device: tf.backend().device });
const { loss, gradients } = await crossEntropy(logits, labels, { backend, gradients: true });
const back = tf.tensor({ buffer: gradients.logits.buffer, zeroCopy: true }, logits.shape, "float32");`,
  },
  {
    id: "jax",
    name: "jax-js",
    text: "An array hands out its buffer, which is read-only by contract: do not ask for gradients in place.",
    code: `import { getWebGPUDevice, init, numpy as np } from "@jax-js/jax";
import { crossEntropy, openBackend, tensor } from "webgpu-loss";

await init("webgpu");
const backend = await openBackend({ device: getWebGPUDevice() });
const buffer = await logits.gpuBuffer();                     // may be a little larger than the array
const { loss, gradients } = await crossEntropy(
  tensor(buffer, logits.shape, { backend }), labels, { gradients: true },
);
const slopes = np.array(await gradients.logits.read());`,
  },
  {
    id: "typegpu",
    name: "TypeGPU",
    text: "Share one device, and unwrap the typed buffer on the way in; our buffers become typed ones on the way out.",
    code: `import tgpu, { d } from "typegpu";
import { crossEntropy, openBackend, tensor } from "webgpu-loss";

const backend = await openBackend();
const root = tgpu.initFromDevice({ device: backend.device });
const buffer = root.createBuffer(d.arrayOf(d.f32, rows * classes)).$usage("storage");
const { loss, gradients } = await crossEntropy(
  tensor(root.unwrap(buffer), [rows, classes], { backend }), labels, { gradients: true },
);
const slopes = root.createBuffer(d.arrayOf(d.f32, rows * classes), gradients.logits.buffer);`,
  },
];
