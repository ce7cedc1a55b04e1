import type { ClassProblem, Contender, Job, PairProblem, Problem, Work } from "../page/contract.js";
import { load } from "./load.js";
import { openRealm, type Realm } from "./realm.js";

// biome-ignore lint/suspicious/noExplicitAny: TensorFlow.js is not there when types are checked
type Any = any;

const thisRealm: Realm = { load, Float32Array, Int32Array };

/**
 * TensorFlow.js as its documentation has it: one-hot labels, softmaxCrossEntropy, valueAndGrads. Without SIMD it stands
 * for what wasm can do where that is missing; its engine is a global, hence a realm of its own.
 */
function tensorflow(backend: "webgpu" | "wasm", simd = true): Contender {
  let realm = thisRealm;
  return {
    name: `@tensorflow/tfjs-backend-${backend}${simd ? "" : " without SIMD"}`,
    kind: backend,
    group: "rival",
    storage: "f32",
    perShape: true,
    bytesPerLogit: { loss: 4, "loss+gradient": 12 },
    async open() {
      if (!simd && realm === thisRealm) realm = await openRealm();
      const tf: Any = await realm.load("@tensorflow/tfjs/dist/tf.fesm.min.js");
      const folder = `@tensorflow/tfjs-backend-${backend}/dist`;
      const module = await realm.load(`${folder}/tf-backend-${backend}.fesm.min.js`);
      if (backend === "wasm") {
        module.setWasmPaths(`/peers/${folder}/`);
        module.setThreadsCount(navigator.hardwareConcurrency);
        if (!simd) {
          tf.env().set("WASM_HAS_SIMD_SUPPORT", false);
          tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
        }
      }
      // Small results would be computed on the CPU.
      else tf.env().set("WEBGPU_CPU_FORWARD", false);
      const factory = tf.findBackendFactory(backend);
      if (!(await tf.setBackend(backend))) throw new Error(`no backend ${backend}`);
      await tf.ready();
      return {
        async prepare(problem: Problem, work: Work): Promise<Job | undefined> {
          await tf.setBackend(backend);
          const { inputs, loss } =
            problem.kind === "classes" ? classes(tf, problem, realm) : pairs(tf, problem, realm);
          let last: Any[] = [];
          const free = (): void => {
            for (const tensor of last) tensor.dispose();
            last = [];
          };
          const once = (): { value: Any; grads: Any[] } =>
            work === "loss"
              ? { value: tf.tidy(() => loss(...inputs)), grads: [] }
              : tf.valueAndGrads(loss)(inputs);
          return {
            // The engine has one backend at a time; choosing it is not the work.
            reset: async () => {
              await tf.setBackend(backend);
            },
            run: async () => {
              free();
              const { value, grads } = once();
              last = [value, ...grads];
              return (await value.data())[0] as number;
            },
            gradients: () => Promise.all(last.slice(1).map((tensor) => tensor.data())),
            free: () => {
              free();
              for (const tensor of inputs) tensor.dispose();
            },
          };
        },
        close() {
          // Its pool of buffers goes with it.
          tf.removeBackend(backend);
          tf.registerBackend(backend, factory, backend === "webgpu" ? 3 : 2);
        },
      };
    },
  };
}

function classes(
  tf: Any,
  problem: ClassProblem,
  realm: Realm,
): { inputs: Any[]; loss: (...inputs: Any[]) => Any } {
  const { rows, classes: count, inner } = problem;
  const labels = tf.tensor(new realm.Int32Array(problem.labels), [rows], "int32");
  const logits = tf.tensor(new realm.Float32Array(problem.logits), problem.shape, "float32");
  const loss = (x: Any): Any => {
    // Images have their classes on axis 1, the loss wants them last.
    const last = inner > 1 ? tf.reshape(tf.transpose(x, [0, 2, 3, 1]), [rows, count]) : x;
    return tf.losses.softmaxCrossEntropy(tf.oneHot(labels, count), last);
  };
  return { inputs: [logits], loss };
}

function pairs(
  tf: Any,
  problem: PairProblem,
  realm: Realm,
): { inputs: Any[]; loss: (...inputs: Any[]) => Any } {
  const { rows, depth, temperature } = problem;
  const shape = [rows, depth];
  const unit = (x: Any): Any => tf.div(x, tf.norm(x, 2, 1, true));
  const loss = (a: Any, b: Any): Any => {
    const s = tf.div(tf.matMul(unit(a), unit(b), false, true), temperature);
    const own = tf.oneHot(tf.range(0, rows, 1, "int32"), rows);
    const one = tf.losses.softmaxCrossEntropy(own, s);
    const other = tf.losses.softmaxCrossEntropy(own, tf.transpose(s));
    return tf.div(tf.add(one, other), 2);
  };
  const inputs = [problem.left, problem.right].map((x) =>
    tf.tensor(new realm.Float32Array(x), shape, "float32"),
  );
  return { inputs, loss };
}

export const tensorflows: readonly Contender[] = [
  tensorflow("webgpu"),
  tensorflow("wasm"),
  tensorflow("wasm", false),
];
