import { fail, LossError } from "../errors.js";
import type { Program, Target } from "../plan.js";
import type { LossResult } from "../result.js";
import type { GpuPath } from "../spec.js";
import type { GpuOwner, GpuStorage } from "../tensor.js";
import type { Backend, Control, Job, Plan, PlanInputs } from "./index.js";
import { Memory, type MemoryReport } from "./memory.js";
import { expectedMs, paceOf } from "./pace.js";
import { Pipelines } from "./pipelines.js";
import { Loan, placeAll } from "./placing.js";
import { Results } from "./results.js";
import { Steps } from "./steps.js";

const POOL_BYTES = 256 * 2 ** 20;
/** One submit should take about this long: a longer one holds up the page's other GPU work. */
const SLICE_MS = 50;
const wantedFeatures = ["shader-f16", "subgroups", "timestamp-query"] as const;
const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

/** A device with the adapter's own limits and the features that kernels can use. */
export async function deviceOf(
  asked: Promise<GPUAdapter | null> | undefined,
): Promise<{ device: GPUDevice; owned: true }> {
  if (!asked) {
    const insecure = globalThis.isSecureContext === false;
    fail(
      "UNSUPPORTED",
      insecure
        ? "openBackend: WebGPU needs a secure page (https or localhost)"
        : "openBackend: this browser or runtime has no WebGPU (navigator.gpu is missing)",
    );
  }
  const adapter = await asked;
  if (!adapter) fail("UNSUPPORTED", "openBackend: WebGPU is here, but it gave no adapter");
  const requiredFeatures = wantedFeatures.filter((name) => adapter.features.has(name));
  const requiredLimits = Object.fromEntries(
    wantedLimits.map((name) => [name, adapter.limits[name]]),
  );
  try {
    return {
      device: await adapter.requestDevice({ requiredFeatures, requiredLimits }),
      owned: true,
    };
  } catch (cause) {
    return fail("UNSUPPORTED", "openBackend: the adapter refused to open a device", cause);
  }
}

function isSoftware(info: GPUAdapterInfo | undefined): boolean {
  const text = `${info?.vendor} ${info?.architecture} ${info?.device} ${info?.description}`;
  return (
    Boolean(info?.isFallbackAdapter) || /swiftshader|llvmpipe|lavapipe|basic render/i.test(text)
  );
}

/** WebGPU: the only place, with its neighbours in this folder, that touches a GPUDevice. */
export class WebGpuBackend implements Backend, GpuOwner {
  readonly kind = "webgpu";
  readonly device: GPUDevice;
  readonly info: Backend["info"];
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<string, number>>;
  readonly lost: Backend["lost"];
  readonly target: Target;
  readonly #owned: boolean;
  readonly #memory: Memory;
  readonly #pipelines: Pipelines;
  readonly #results: Results;
  /** Paths by loss: a browser takes a third of a millisecond to import again what it has imported. */
  readonly #paths = new WeakMap<Job["spec"], GpuPath>();
  #gone: string | undefined;
  #destroyed = false;
  constructor(device: GPUDevice, owned: boolean, memoryBudget: number) {
    this.device = device;
    this.#owned = owned;
    const info = device.adapterInfo as GPUAdapterInfo | undefined;
    const words = [info?.vendor, info?.architecture, info?.description].filter(Boolean);
    this.info = { name: words.join(" ") || "WebGPU", software: isSoftware(info) };
    this.features = device.features as ReadonlySet<string>;
    this.limits = device.limits as unknown as Record<string, number>;
    this.target = {
      software: this.info.software,
      features: this.features,
      maxBinding: device.limits.maxStorageBufferBindingSize,
      maxInvocations: device.limits.maxComputeInvocationsPerWorkgroup,
      alignment: device.limits.minStorageBufferOffsetAlignment,
    };
    this.#memory = new Memory(device, memoryBudget, Math.min(POOL_BYTES, memoryBudget));
    this.#pipelines = new Pipelines(device);
    this.#results = new Results(this, this.#memory);
    this.lost = device.lost.then(({ reason, message }) => {
      this.#gone = message || reason || "unknown";
      return { reason: reason ?? "unknown", message };
    });
  }

  memory(): MemoryReport {
    return this.#memory.report();
  }

  async prepare(
    loss: { plan(shapes: PlanInputs, options?: object): Promise<Plan<unknown>> },
    shapes: PlanInputs,
    options: object = {},
  ): Promise<void> {
    (await loss.plan(shapes, { ...options, backend: this })).destroy();
  }

  async call({ spec, request, geometry }: Job, control: Control): Promise<LossResult> {
    this.check();
    control.signal?.throwIfAborted();
    const program = await this.#program({ spec, request, geometry });
    const steps = await this.#compile(program);
    const pace = paceOf(program, this.info);
    const slices = expectedMs(pace) > SLICE_MS ? await import("./slices.js") : undefined;
    this.check();
    control.signal?.throwIfAborted();
    const started = performance.now();
    const loan = new Loan(this.#memory);
    const results = new Loan(this.#memory);
    try {
      const { result, verdict } = this.#scoped(spec.name, () => {
        const placement = placeAll(this.device, request, program, loan, results);
        const uniforms = loan.take(steps.uniformBytes);
        this.device.queue.writeBuffer(uniforms, 0, steps.pack(placement, request.numbers));
        const groups = steps.groups(placement, uniforms);
        const sliced = slices?.submitSliced(this, spec.name, steps, groups, control, {
          ...pace,
          most: SLICE_MS,
        });
        // Awaited below; where the verdict throws first, nobody else would hear of it.
        sliced?.catch(() => {});
        if (!sliced) steps.submit(groups);
        return { placement, sliced };
      });
      // What went well with the same buffers is told of by the first read, in one wait with its numbers.
      if (steps.isNew) await verdict;
      await result.sliced;
      const { total } = pace;
      control.onProgress?.({ done: total, total, elapsedMs: performance.now() - started });
      loan.giveBack();
      const later = steps.isNew ? undefined : verdict;
      return this.#results.wrap(program, result.placement, results.buffers, later);
    } catch (error) {
      // What failed to be created must not come back from the pool.
      loan.discard();
      results.discard();
      throw error;
    }
  }

  async plan(job: Job): Promise<Plan> {
    this.check();
    const program = await this.#program(job);
    const steps = await this.#compile(program);
    // Loaded here: a page of single calls is spared it.
    const { gpuPlan } = await import("./gpuPlan.js");
    const loan = new Loan(this.#memory);
    const { device } = this;
    try {
      const fixed = await this.guard(job.spec.name, () =>
        placeAll(device, job.request, program, loan, loan),
      );
      return gpuPlan({ on: this, job, steps, fixed, loan, results: this.#results });
    } catch (error) {
      loan.discard();
      throw error;
    }
  }

  destroy(): void {
    this.#destroyed = true;
    this.#memory.destroy();
    if (this.#owned) this.device.destroy();
  }

  /** Copies a range of a buffer, with the status words behind it, to the host. */
  async download(storage: GpuStorage): Promise<ArrayBuffer> {
    this.check();
    return this.#results.download(storage);
  }

  check(): void {
    if (this.#destroyed) fail("DISPOSED", "this WebGPU backend was destroyed");
    if (this.#gone)
      fail("DEVICE_LOST", `the GPU device was lost (${this.#gone}); open a new backend`);
  }

  /** Runs GPU calls and waits for what WebGPU says to them. */
  async guard<T>(loss: string, work: () => T): Promise<T> {
    const { result, verdict } = this.#scoped(loss, work);
    await verdict;
    return result;
  }

  /** Runs GPU calls inside error scopes, closed in the same turn so that no other call is blamed. */
  #scoped<T>(loss: string, work: () => T): { readonly result: T; readonly verdict: Promise<void> } {
    this.device.pushErrorScope("validation");
    this.device.pushErrorScope("out-of-memory");
    const close = (): Promise<void> => {
      const memory = this.device.popErrorScope().catch(() => null);
      const invalid = this.popScope(loss);
      invalid.catch(() => {});
      return memory.then((error) => {
        this.check();
        if (!error) return invalid;
        fail(
          "OUT_OF_MEMORY",
          `${loss}: the GPU is out of memory; destroy results or use smaller blocks`,
          error,
        );
      });
    };
    let verdict: Promise<void> | undefined;
    try {
      const result = work();
      verdict = close();
      return { result, verdict };
    } finally {
      // Nobody may be left to hear of it.
      (verdict ?? close()).catch(() => {});
    }
  }

  /** What the scope opened last has caught, as our error. */
  popScope(loss: string): Promise<void> {
    return this.device.popErrorScope().then(
      (error) => {
        this.check();
        if (!error) return;
        throw new LossError(
          "UNSUPPORTED",
          `${loss}: WebGPU refused the call: ${error.message}`,
          error,
        );
      },
      () => this.check(),
    );
  }

  async #program({ spec, request, geometry }: Job): Promise<Program> {
    if (!spec.gpu)
      fail("UNSUPPORTED", `${spec.name} runs on the CPU alone: openBackend({ kind: "cpu" })`);
    const plan = this.#paths.get(spec) ?? (await spec.gpu());
    this.#paths.set(spec, plan);
    await plan.load?.({ request, geometry, on: this.target });
    return plan(request, geometry, this.target);
  }

  #compile(program: Program): Promise<Steps> {
    return Steps.compile(this.device, this.#memory, this.#pipelines, program);
  }
}
