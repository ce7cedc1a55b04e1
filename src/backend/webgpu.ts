import type { Argument } from "../argument.js";
import { fail, LossError } from "../errors.js";
import type { HostArray } from "../host.js";
import type { Program, Target } from "../plan.js";
import type { Request } from "../request.js";
import type { LossResult } from "../result.js";
import type { GpuOwner, GpuStorage } from "../tensor.js";
import type { Backend, Control, Job, Plan, PlanInputs } from "./index.js";
import { Memory, type MemoryReport } from "./memory.js";
import { Pipelines } from "./pipelines.js";
import { Results } from "./results.js";
import { submitSliced } from "./slices.js";
import { type Placed, type Placement, Steps } from "./steps.js";

const STORAGE = 0x80;
const POOL_BYTES = 256 * 2 ** 20;
const wantedFeatures = ["shader-f16", "subgroups", "timestamp-query"] as const;
const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

/** A device with the adapter's own limits and the features that kernels can use. */
export async function adapterAndDevice(
  powerPreference: GPUPowerPreference = "high-performance",
): Promise<{ device: GPUDevice; owned: true }> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (!gpu) {
    const insecure = globalThis.isSecureContext === false;
    fail(
      "UNSUPPORTED",
      insecure
        ? "openBackend: WebGPU needs a secure page (https or localhost)"
        : "openBackend: this browser or runtime has no WebGPU (navigator.gpu is missing)",
    );
  }
  const adapter = await gpu.requestAdapter({ powerPreference });
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

/** Bytes to upload, in the format that the planner was told. */
function uploadable(data: HostArray): ArrayBufferView<ArrayBuffer> {
  if (data instanceof Float64Array) return Float32Array.from(data);
  if (data instanceof Uint8Array) return Uint32Array.from(data);
  if (data instanceof Uint16Array && data.length % 2 === 1) {
    // writeBuffer takes whole words.
    const padded = new Uint16Array(data.length + 1);
    padded.set(data);
    return padded;
  }
  return data as ArrayBufferView<ArrayBuffer>;
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
    loss: { plan(shapes: PlanInputs, options?: object): Promise<Plan> },
    shapes: PlanInputs,
    options: object = {},
  ): Promise<void> {
    (await loss.plan(shapes, { ...options, backend: this })).destroy();
  }

  async call({ spec, request, geometry }: Job, control: Control): Promise<LossResult> {
    this.check();
    control.signal?.throwIfAborted();
    const program = this.#program({ spec, request, geometry });
    const steps = await this.#compile(program);
    this.check();
    control.signal?.throwIfAborted();
    const temporary: GPUBuffer[] = [];
    const kept: GPUBuffer[] = [];
    try {
      const work = this.guard(() => {
        const placement = this.#place(request, program, temporary, kept);
        const uniforms = this.#acquire(steps.uniformBytes, temporary);
        this.device.queue.writeBuffer(uniforms, 0, steps.pack(placement, request.numbers));
        return { placement, submitted: submitSliced(this, steps, placement, uniforms, control) };
      });
      const { placement, submitted } = await work;
      await submitted;
      return this.#results.wrap(program, placement, kept);
    } catch (error) {
      for (const buffer of kept) this.#memory.discard(buffer);
      throw error;
    } finally {
      for (const buffer of temporary) this.#memory.release(buffer);
    }
  }

  async plan(job: Job): Promise<Plan> {
    this.check();
    const { spec, request } = job;
    const program = this.#program(job);
    const steps = await this.#compile(program);
    const owned: GPUBuffer[] = [];
    const fixed = await this.guard(() => this.#place(request, program, owned, owned, true));
    const uniforms = new Map<string, GPUBuffer>();
    const changeable = new Set(program.passes.flatMap(({ params }) => Object.values(params)));
    let destroyed = false;
    const bind = (
      inputs: PlanInputs,
      numbers: Readonly<Record<string, number>> = {},
    ): { placement: Placement; uniforms: GPUBuffer } => {
      this.check();
      if (destroyed) fail("DISPOSED", `${spec.name}: this plan was destroyed`);
      for (const name of Object.keys(numbers)) {
        if (changeable.has(name)) continue;
        fail(
          "OPTION",
          `${spec.name}: ${name} is fixed in this plan; make a plan with it switched on`,
        );
      }
      const bound = request.bind(inputs, numbers);
      spec.check(bound);
      const placement = new Map(fixed);
      for (const [name, argument] of Object.entries(bound.tensors)) {
        this.#placeInput(spec.name, argument, placement, fixed.get(name));
      }
      // One uniform buffer per content: a caller's encoder may hold several recordings of this plan.
      const packed = steps.pack(placement, bound.numbers);
      const key = new Uint32Array(packed.buffer).join();
      let buffer = uniforms.get(key);
      if (!buffer) {
        buffer = this.#acquire(steps.uniformBytes, owned);
        this.device.queue.writeBuffer(buffer, 0, packed);
        uniforms.set(key, buffer);
      }
      return { placement, uniforms: buffer };
    };
    return {
      backend: "webgpu",
      run: (inputs, numbers) => {
        const { placement, uniforms: buffer } = bind(inputs, numbers);
        this.device.pushErrorScope("validation");
        const encoder = this.device.createCommandEncoder({ label: program.label });
        steps.encode(encoder, placement, buffer);
        this.device.queue.submit([encoder.finish()]);
        return this.#results.wrap(program, placement, [], this.#popScope());
      },
      encode: (encoder, inputs) => {
        const { placement, uniforms: buffer } = bind(inputs);
        steps.encode(encoder, placement, buffer);
        return this.#results.wrap(program, placement, []);
      },
      destroy: () => {
        destroyed = true;
        for (const buffer of owned.splice(0)) this.#memory.release(buffer);
      },
    };
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

  /** Runs GPU calls inside error scopes, closed in the same turn so that no other call is blamed. */
  async guard<T>(work: () => T): Promise<T> {
    this.device.pushErrorScope("validation");
    this.device.pushErrorScope("out-of-memory");
    const close = (): Promise<void> => {
      const memory = this.device.popErrorScope().catch(() => null);
      const invalid = this.#popScope();
      invalid.catch(() => {});
      return memory.then((error) => {
        this.check();
        if (!error) return invalid;
        fail(
          "OUT_OF_MEMORY",
          "the GPU is out of memory; destroy results or use smaller blocks",
          error,
        );
      });
    };
    let result: T;
    try {
      result = work();
    } catch (error) {
      close().catch(() => {});
      throw error;
    }
    await close();
    return result;
  }

  #popScope(): Promise<void> {
    return this.device.popErrorScope().then(
      (error) => {
        this.check();
        if (!error) return;
        throw new LossError("UNSUPPORTED", `WebGPU refused the call: ${error.message}`, error);
      },
      () => this.check(),
    );
  }

  #program({ spec, request, geometry }: Job): Program {
    if (!spec.gpu)
      fail("UNSUPPORTED", `${spec.name} runs on the CPU alone: openBackend({ kind: "cpu" })`);
    return spec.gpu(request, geometry, this.target);
  }

  #compile(program: Program): Promise<Steps> {
    return Steps.compile(this.device, this.#memory, this.#pipelines, program);
  }

  #acquire(bytes: number, list: GPUBuffer[]): GPUBuffer {
    const buffer = this.#memory.acquire(bytes);
    list.push(buffer);
    return buffer;
  }

  /** Finds or makes room for every buffer of a program: inputs, scratch and results. */
  #place(
    request: Request,
    program: Program,
    temporary: GPUBuffer[],
    kept: GPUBuffer[],
    planned = false,
  ): Map<string, Placed> {
    const placement = new Map<string, Placed>();
    const results = new Set(Object.values(program.views).map(({ buffer }) => buffer));
    if (program.status) results.add(program.status.buffer);
    for (const [name, argument] of Object.entries(request.tensors)) {
      if (argument.gpu) this.#placeInput(request.spec.name, argument, placement);
      else if (argument.host || planned) {
        const list = results.has(name) ? kept : temporary;
        const bytes = uploadBytes(argument);
        placement.set(name, { buffer: this.#acquire(bytes, list), offset: 0 });
        if (argument.host) this.#placeInput(request.spec.name, argument, placement);
      }
    }
    for (const [name, bytes] of Object.entries(program.buffers)) {
      const list = results.has(name) ? kept : temporary;
      placement.set(name, { buffer: this.#acquire(bytes, list), offset: 0 });
    }
    return placement;
  }

  /** Uploads host data into the place kept for it, or points at the caller's buffer. */
  #placeInput(
    loss: string,
    argument: Argument,
    placement: Map<string, Placed>,
    own = placement.get(argument.name),
  ): void {
    const { gpu, host, name } = argument;
    if (gpu) {
      if ((gpu.buffer.usage & STORAGE) === 0) {
        fail("UNSUPPORTED", `${loss}: ${name}: its GPUBuffer was made without usage STORAGE`);
      }
      placement.set(name, { buffer: gpu.buffer, offset: gpu.offset });
    } else if (host && own) {
      this.device.queue.writeBuffer(own.buffer, 0, uploadable(host));
      placement.set(name, own);
    }
  }
}

/** Bytes that an argument takes on the device. */
function uploadBytes({ size, dtype }: Argument): number {
  const unit = { f32: 4, f64: 4, i32: 4, u32: 4, u8: 4, i64: 8, f16: 2, bf16: 2 }[dtype];
  return Math.max(Math.ceil((size * unit) / 4) * 4, 4);
}
