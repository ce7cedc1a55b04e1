import { type Argument, toArgument } from "../argument.js";
import { numberToBfloat, numberToHalf } from "../dtype.js";
import { fail } from "../errors.js";
import { tensor } from "../makeTensor.js";
import type { Request } from "../request.js";
import { gather, type LossResult } from "../result.js";
import type { CpuArray, Precision } from "../spec.js";
import { Tensor } from "../tensor.js";
import type { Backend, Control, Job, Plan, PlanInputs } from "./index.js";

const hostTensor = ({ shape, data }: CpuArray): Tensor =>
  new Tensor(shape, data instanceof Float64Array ? "f64" : "f32", { kind: "host", data });

/** Writes a gradient over the caller's array where that was asked for, and shows that array. */
function overwrite(request: Request, name: string, gradient: CpuArray): Tensor {
  const target = request.get(name);
  const data = target.host as Float32Array;
  if (target.dtype === "f16") data.set(Uint16Array.from(gradient.data, numberToHalf));
  else if (target.dtype === "bf16") data.set(Uint16Array.from(gradient.data, numberToBfloat));
  else data.set(gradient.data);
  return new Tensor(gradient.shape, target.dtype, { kind: "host", data });
}

function compute({ spec, request, geometry }: Job, precision: Precision): LossResult {
  const { loss, gradients, outputs, stats } = spec.cpu(request, geometry, precision);
  const tensors: Record<string, Tensor> = { [spec.result ?? "loss"]: hostTensor(loss) };
  for (const [name, array] of Object.entries(gradients)) {
    const inPlace = request.gradients[name] === "inPlace";
    tensors[`gradients.${name}`] = inPlace ? overwrite(request, name, array) : hostTensor(array);
  }
  for (const [name, array] of Object.entries(outputs)) tensors[name] = hostTensor(array);
  return gather(tensors, { read: async () => stats }, "cpu");
}

/** The request with every tensor that lies on a GPU copied to the CPU. */
export async function toHost(request: Request): Promise<Request> {
  const moved: Record<string, Argument> = {};
  for (const [name, argument] of Object.entries(request.tensors)) {
    const { gpu } = argument;
    if (!gpu) continue;
    const shape = argument.shape ?? [argument.size];
    const data = await new Tensor(shape, argument.dtype, gpu).read();
    moved[name] = toArgument(tensor(data, shape), name, request.where(name));
  }
  return Object.assign(Object.create(request) as Request, {
    tensors: { ...request.tensors, ...moved },
  });
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
    const result = compute(
      onGpu ? { ...job, request: await toHost(job.request) } : job,
      this.#precision,
    );
    onProgress?.({ done: 1, total: 1, elapsedMs: performance.now() - started });
    return result;
  }

  async plan(job: Job): Promise<Plan> {
    this.#check();
    let destroyed = false;
    const run = (inputs: PlanInputs, numbers?: Readonly<Record<string, number>>): LossResult => {
      this.#check();
      if (destroyed) fail("DISPOSED", `${job.spec.name}: this plan was destroyed`);
      const request = job.request.bind(inputs, numbers);
      return compute({ ...job, request, geometry: job.spec.check(request) }, this.#precision);
    };
    const encode = (): never =>
      fail("UNSUPPORTED", "plan.encode needs WebGPU; this plan is on the CPU");
    const destroy = (): void => {
      destroyed = true;
    };
    return { backend: "cpu", run, encode, destroy };
  }

  destroy(): void {
    this.#destroyed = true;
  }

  #check(): void {
    if (this.#destroyed) fail("DISPOSED", "this CPU backend was destroyed");
  }
}
