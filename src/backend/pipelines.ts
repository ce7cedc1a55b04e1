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

/** Pipelines by module text; two callers of one text share one compilation. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #cache = new Map<string, Promise<Pipeline>>();
  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get(kernel: Kernel): Promise<Pipeline> {
    const text = assemble(kernel);
    const known = this.#cache.get(text);
    if (known) return known;
    const compiling = this.#compile(kernel.label, text);
    this.#cache.set(text, compiling);
    // A failed compilation (a lost device, say) must not be remembered.
    compiling.catch(() => this.#cache.delete(text));
    return compiling;
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
