import { describe, fail, LossError } from "../errors.js";
import { checkNames } from "../options.js";
import type { Request } from "../request.js";
import type { LossResult } from "../result.js";
import type { LossSpec, Precision } from "../spec.js";
import { adapterOf } from "./adapter.js";
import type { MemoryReport } from "./memory.js";

export interface BackendOptions {
  /** "auto" takes WebGPU where it works and else the CPU; "webgpu" never falls back. */
  readonly kind?: "auto" | "webgpu" | "cpu";
  /** Your own device: its limits and features are used as they are, and it is never destroyed. */
  readonly device?: GPUDevice;
  /** Which GPU to ask for when the backend opens its own device. */
  readonly powerPreference?: GPUPowerPreference;
  /** Bytes that buffers may take together before OUT_OF_MEMORY; default 4 GiB. */
  readonly memoryBudget?: number;
  /**
   * Of the CPU path, whose arithmetic is float64 always. "float64" keeps gradients so, and is the default where you ask
   * for the CPU; "float32" halves the memory of large gradients, and is the default where the CPU stands in for a GPU.
   */
  readonly precision?: Precision;
}

/** Progress of work that is sliced into several submits. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly elapsedMs: number;
}

/** How a call may be watched and stopped. */
export interface Control {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** A checked call, ready for either path. */
export interface Job {
  readonly spec: LossSpec;
  readonly request: Request;
  readonly geometry: unknown;
}

/** What a plan is given at run time: tensors by name; buffers need no shape, the plan knows it. */
export type PlanInputs = Readonly<Record<string, unknown>>;

/** A loss with fixed shapes: compiled, allocated, and run again and again. */
export interface Plan<Result = LossResult> {
  readonly backend: "webgpu" | "cpu";
  /** Runs once, synchronously; results are overwritten by the next run. `numbers` changes number options. */
  run(inputs: PlanInputs, numbers?: Readonly<Record<string, number>>): Result;
  /** Records into the caller's encoder; the results are valid once the caller has submitted it. */
  encode(encoder: GPUCommandEncoder, inputs: PlanInputs): Result;
  /** Frees the plan's buffers and results. */
  destroy(): void;
}

/** A place where losses are computed. */
export interface Backend {
  readonly kind: "webgpu" | "cpu";
  readonly device: GPUDevice | undefined;
  readonly info: { readonly name: string; readonly software: boolean };
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<string, number>>;
  /** Resolves when the device is gone, with the reason. */
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  memory(): MemoryReport;
  /** Compiles ahead of the first call: `prepare(crossEntropy, { logits: [8, 1000], targets: [8] })`. */
  prepare(
    loss: { plan(shapes: PlanInputs, options?: object): Promise<Plan<unknown>> },
    shapes: PlanInputs,
    options?: object,
  ): Promise<void>;
  call(job: Job, control: Control): Promise<LossResult>;
  plan(job: Job): Promise<Plan>;
  destroy(): void;
}

const known = ["kind", "device", "powerPreference", "memoryBudget", "precision"];
const DEFAULT_BUDGET = 4 * 2 ** 30;

/** Recognised by its members: a device of another realm (iframe, Deno, Node) has another class. */
const isDevice = (value: unknown): value is GPUDevice =>
  typeof value === "object" && value !== null && "createBuffer" in value && "lost" in value;

/**
 * Opens a place to compute: WebGPU where there is one, else the CPU, as `kind` asks.
 * @example
 * const backend = await openBackend({ kind: "auto" });
 */
export async function openBackend(options: BackendOptions = {}): Promise<Backend> {
  checkNames("openBackend", options, known);
  const { kind = "auto", device, powerPreference, memoryBudget = DEFAULT_BUDGET } = options;
  const { precision } = options;
  if (!["auto", "webgpu", "cpu"].includes(kind)) {
    fail("OPTION", `openBackend: kind must be auto, webgpu or cpu, got ${describe(kind)}`);
  }
  if (device !== undefined && !isDevice(device)) {
    fail("OPTION", `openBackend: device must be a GPUDevice, got ${describe(device)}`);
  }
  if (!(memoryBudget > 0)) {
    fail("OPTION", `openBackend: memoryBudget must be above 0, got ${describe(memoryBudget)}`);
  }
  if (![undefined, "float64", "float32"].includes(precision)) {
    fail("OPTION", `openBackend: precision must be float64 or float32, got ${describe(precision)}`);
  }
  if (kind === "cpu") return cpuBackend("asked for", precision ?? "float64");
  const adapter = device ? undefined : adapterOf(powerPreference);
  try {
    const { deviceOf, WebGpuBackend } = await import("./webgpu.js");
    const found = device ? { device, owned: false } : await deviceOf(adapter);
    return new WebGpuBackend(found.device, found.owned, memoryBudget);
  } catch (error) {
    if (kind === "webgpu" || device || !(error instanceof LossError)) throw error;
    return cpuBackend(error.message, precision ?? "float32");
  }
}

/** Loaded where it is needed: a page with WebGPU is spared it. */
async function cpuBackend(because: string, precision: Precision): Promise<Backend> {
  const { CpuBackend } = await import("./cpu.js");
  return new CpuBackend(because, precision);
}

let shared: Promise<Backend> | undefined;

/** The backend of calls that name none: opened once, opened anew when its device is lost. What can be done `meanwhile` is. */
export function defaultBackend(meanwhile: () => void): Promise<Backend> {
  if (!shared) {
    const opening = openBackend();
    shared = opening;
    opening.then(
      (backend) => backend.lost.then(() => forget(opening)),
      () => forget(opening),
    );
    meanwhile();
  }
  return shared;
}

function forget(opening: Promise<Backend>): void {
  if (shared === opening) shared = undefined;
}
