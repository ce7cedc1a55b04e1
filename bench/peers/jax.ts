import type { ClassProblem, Contender, Job, PairProblem, Problem, Work } from "../page/contract.js";
import { load } from "./load.js";

// biome-ignore lint/suspicious/noExplicitAny: jax-js is not there when types are checked
type Any = any;

/** jax-js: logSoftmax and a comparison with the label, differentiated and compiled as one. */
function jax(device: "webgpu" | "wasm"): Contender {
  return {
    name: `@jax-js/jax ${device}`,
    kind: device,
    group: "rival",
    storage: "f32",
    bytesPerLogit: { loss: 4, "loss+gradient": 12 },
    async open() {
      const jx: Any = await load("@jax-js/jax/dist/index.js");
      const ready = await jx.init(device);
      if (!ready.includes(device)) throw new Error(`no device ${device}`);
      return {
        async prepare(problem: Problem, work: Work): Promise<Job | undefined> {
          const { inputs, loss, wrt } =
            problem.kind === "classes" ? classes(jx, problem, device) : pairs(jx, problem, device);
          const f =
            work === "loss" ? jx.jit(loss) : jx.jit(jx.valueAndGrad(loss, { argnums: wrt }));
          await jx.blockUntilReady(inputs.map((x: Any) => x.ref));
          let last: Any[] = [];
          const free = (): void => {
            for (const array of last) array.dispose();
            last = [];
          };
          return {
            run: async () => {
              free();
              const out = f(...inputs.map((x) => x.ref));
              const [value, grads] = work === "loss" ? [out, []] : out;
              last = [grads].flat();
              // Reading the loss alone would not wait for the gradient.
              if (last.length > 0) await jx.blockUntilReady(last.map((x) => x.ref));
              return (await value.data())[0] as number;
            },
            gradients: () => Promise.all(last.map((x) => x.ref.data())),
            free: () => {
              free();
              for (const array of inputs) array.dispose();
              f.dispose?.();
            },
          };
        },
        close() {},
      };
    },
  };
}

interface Task {
  readonly inputs: Any[];
  readonly loss: (...args: Any[]) => Any;
  readonly wrt: readonly number[];
}

function classes(jx: Any, problem: ClassProblem, device: string): Task {
  const { numpy: np, nn } = jx;
  const { rows, classes: count, inner, shape } = problem;
  const logits = np.array(problem.logits, { shape: [...shape], dtype: np.float32, device });
  const labels = np.array(problem.labels, { shape: [rows], dtype: np.int32, device });
  const loss = (x: Any, y: Any): Any => {
    // Images have their classes on axis 1.
    const last = inner > 1 ? np.transpose(x, [0, 2, 3, 1]).reshape([rows, count]) : x;
    // nn.oneHot would make count × count numbers first: 10 GB for GPT-2.
    const own = np.equal(y.reshape([rows, 1]), np.arange(count).reshape([1, count]));
    return np.sum(np.where(own, nn.logSoftmax(last), 0)).mul(-1 / rows);
  };
  return { inputs: [logits, labels], loss, wrt: [0] };
}

function pairs(jx: Any, problem: PairProblem, device: string): Task {
  const { numpy: np, nn } = jx;
  const { rows, depth, temperature } = problem;
  const options = { shape: [rows, depth], dtype: np.float32, device };
  const unit = (x: Any): Any => {
    const norm = np.sqrt(np.sum(np.multiply(x.ref, x.ref), 1, { keepdims: true }));
    return np.divide(x, norm);
  };
  const loss = (a: Any, b: Any): Any => {
    const s = np.matmul(unit(a), np.transpose(unit(b))).mul(1 / temperature);
    const both = nn.logSoftmax(s.ref, 1).add(nn.logSoftmax(s, 0));
    return np.sum(np.multiply(both, np.eye(rows))).mul(-0.5 / rows);
  };
  const inputs = [problem.left, problem.right].map((x) => np.array(x, options));
  return { inputs, loss, wrt: [0, 1] };
}

export const jaxes: readonly Contender[] = [jax("webgpu"), jax("wasm")];
