import { fail } from "../errors.js";
import type { Request } from "../request.js";
import { gather, type LossResult } from "../result.js";
import type { CpuArray, CpuPath, Precision, Room } from "../spec.js";
import { Tensor } from "../tensor.js";
import { numberToBfloat, numberToHalf } from "../toHalves.js";
import type { Backend, Control, Job, Plan } from "./index.js";

const hostTensor = ({ shape, data }: CpuArray): Tensor =>
  new Tensor(shape, data instanceof Float64Array ? "f64" : "f32", { kind: "host", data });

/** Writes a gradient over the caller's array where that was asked for and it does not lie there, and shows that array. */
function overwrite(request: Request, name: string, gradient: CpuArray): Tensor {
  const target = request.get(name);
  const data = target.host as Float32Array;
  if (data === gradient.data) return hostTensor(gradient);
  if (target.dtype === "f16") data.set(Uint16Array.from(gradient.data, numberToHalf));
  else if (target.dtype === "bf16") data.set(Uint16Array.from(gradient.data, numberToBfloat));
  else data.set(gradient.data);
  return new Tensor(gradient.shape, target.dtype, { kind: "host", data });
}

type Numbers = ReturnType<Room>;

/** Room for the gradients of a call: `kept` are those of the plan that it belongs to. */
const roomOf =
  (request: Request, precision: Precision, kept: Map<string, Numbers>): Room =>
  (name, size) => {
    if (request.gradients[name] === "inPlace") {
      const { host, dtype } = request.get(name);
      if (dtype === "f32" || dtype === "f64") return host as Numbers;
    }
    const room =
      kept.get(name) ?? new (precision === "float64" ? Float64Array : Float32Array)(size);
    kept.set(name, room);
    return room;
  };

function compute(
  path: CpuPath,
  { spec, request, geometry }: Job,
  precision: Precision,
  kept = new Map<string, Numbers>(),
): LossResult {
  const room = roomOf(request, precision, kept);
  const { loss, gradients, outputs, stats } = path(request, geometry, room);
  const tensors: Record<string, Tensor> = { [spec.result ?? "loss"]: hostTensor(loss) };
  for (const [name, array] of Object.entries(gradients)) {
    const inPlace = request.gradients[name] === "inPlace";
    tensors[`gradients.${name}`] = inPlace ? overwrite(request, name, array) : hostTensor(array);
  }
  for (const [name, array] of Object.entries(outputs)) tensors[name] = hostTensor(array);
  return gather(tensors, { read: async () => stats }, "cpu");
}

/** The CPU path as a backend: the fallback without WebGPU, and the judge of the kernels. */
export class CpuBackend implements Backend {
  readonly kind = "cpu";
  readonly device = undefined;
  readonly info: Backend["info"];
  readonly features: ReadonlySet<string> = new Set();
  readonly limits: Readonly<Record<string, number>> = {};
  readonly lost = new Promise<never>(() => {});
  readonly #precision: Precision;
  /** Paths by loss: a browser takes a tenth of a millisecond to import again what it has imported. */
  readonly #paths = new WeakMap<Job["spec"], CpuPath>();
  #destroyed = false;
  constructor(because: string, precision: Precision) {
    this.info = { name: `CPU, ${precision} (${because})`, software: true };
    this.#precision = precision;
  }

  memory(): ReturnType<Backend["memory"]> {
    return { live: 0, pooled: 0, peak: 0, buffers: 0 };
  }

  async prepare(): Promise<void> {
    this.#check();
  }

  async call(job: Job, { signal, onProgress }: Control): Promise<LossResult> {
    this.#check();
    signal?.throwIfAborted();
    const started = performance.now();
    const onGpu = Object.values(job.request.tensors).some((argument) => argument.gpu);
    const path = await this.#pathOf(job, job);
    const request = onGpu ? await (await import("../toHost.js")).toHost(job.request) : job.request;
    signal?.throwIfAborted();
    const result = compute(path, { ...job, request }, this.#precision);
    onProgress?.({ done: 1, total: 1, elapsedMs: performance.now() - started });
    return result;
  }

  async plan(job: Job): Promise<Plan> {
    this.#check();
    const path = await this.#pathOf(job);
    // Loaded here: a page of single calls is spared it.
    const { cpuPlan } = await import("./cpuPlan.js");
    const kept = new Map<string, Numbers>();
    return cpuPlan({
      job,
      check: () => this.#check(),
      compute: (bound) => compute(path, bound, this.#precision, kept),
    });
  }

  destroy(): void {
    this.#destroyed = true;
  }

  /** The path with what `call` needs; a plan, whose numbers may change, has it all. */
  async #pathOf({ spec }: Job, call?: Job): Promise<CpuPath> {
    const path = this.#paths.get(spec) ?? (await spec.cpu());
    this.#paths.set(spec, path);
    await path.load?.(call);
    return path;
  }

  #check(): void {
    if (this.#destroyed) fail("DISPOSED", "this CPU backend was destroyed");
  }
}
