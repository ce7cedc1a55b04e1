import { LossError } from "../errors.js";
import { assemble, type BindingLine, bindingsOf } from "../module.js";
import type { Kernel } from "../plan.js";

/** A compiled module with what binding needs to know. */
export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly bindings: readonly BindingLine[];
  readonly bindGroups: Map<string, GPUBindGroup>;
}

const COMPUTE = 0x4;

function bindingType(access: BindingLine["access"]): GPUBufferBindingType {
  if (access === "uniform") return "uniform";
  return access === "storage, read" ? "read-only-storage" : "storage";
}

/** Pipelines by what makes a module's text; two callers of one text share one compilation. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #cache = new Map<string, Promise<Pipeline>>();
  /** Parts by number: a key of the text itself would be put together, and hashed, for every pass of every call. */
  readonly #parts = new Map<string, number>();
  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get(kernel: Kernel): Promise<Pipeline> {
    const key = this.#keyOf(kernel);
    const known = this.#cache.get(key);
    if (known) return known;
    const compiling = this.#compile(kernel.label, assemble(kernel));
    this.#cache.set(key, compiling);
    // A failed compilation (a lost device, say) must not be remembered.
    compiling.catch(() => this.#cache.delete(key));
    return compiling;
  }

  #keyOf({ label, parts, constants, params }: Kernel): string {
    const numbers = parts.map((part) => {
      const number = this.#parts.get(part) ?? this.#parts.size;
      this.#parts.set(part, number);
      return number;
    });
    return JSON.stringify([label, numbers, constants, params]);
  }

  async #compile(label: string, text: string): Promise<Pipeline> {
    const device = this.#device;
    const bindings = bindingsOf(text);
    const entries = bindings.map(({ index, access }) => ({
      binding: index,
      visibility: COMPUTE,
      buffer: { type: bindingType(access) },
    }));
    device.pushErrorScope("validation");
    const layout = device.createBindGroupLayout({ label, entries });
    const module = device.createShaderModule({ label, code: text });
    const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [layout] });
    const created = device.createComputePipelineAsync({
      label,
      layout: pipelineLayout,
      compute: { module, entryPoint: "main" },
    });
    const scope = device.popErrorScope();
    try {
      const [pipeline] = await Promise.all([created, scope]);
      return { pipeline, layout, bindings, bindGroups: new Map() };
    } catch (cause) {
      const info = await module.getCompilationInfo().catch(() => undefined);
      const lines = info?.messages.map((m) => `${m.lineNum}:${m.linePos} ${m.message}`) ?? [];
      const detail = lines.join("; ") || String(cause);
      throw new LossError("COMPILE", `${label}: the shader did not compile: ${detail}`, cause);
    }
  }
}
