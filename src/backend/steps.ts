import { fail } from "../errors.js";
import { packParams, paramBytes } from "../module.js";
import { gridOf, type Kernel, type Pass, type Program, type Range } from "../plan.js";
import type { Memory } from "./memory.js";
import type { Pipeline, Pipelines } from "./pipelines.js";

/** Where a named buffer of a program really lies. */
export interface Placed {
  readonly buffer: GPUBuffer;
  readonly offset: number;
}
export type Placement = ReadonlyMap<string, Placed>;

/** A compiled pass and the place of its params in the program's one uniform buffer. */
interface Step {
  readonly pass: Pass;
  readonly pipeline: Pipeline;
  readonly slot: number;
  readonly grid: readonly [number, number];
}

const ids = new WeakMap<GPUBuffer, number>();
let lastId = 0;
function idOf(buffer: GPUBuffer): number {
  const known = ids.get(buffer);
  if (known) return known;
  lastId += 1;
  ids.set(buffer, lastId);
  return lastId;
}

const lengthOf = ({ parts }: Kernel): number =>
  parts.reduce((length, part) => length + part.length, 0);

/** Bind groups kept per pipeline; a training loop needs a handful, one-off calls must not pile up. */
const KEEP_BIND_GROUPS = 64;

/** A program with its pipelines: what can be encoded again and again. */
export class Steps {
  readonly program: Program;
  readonly steps: readonly Step[];
  readonly uniformBytes: number;
  /** Buffers are bound together that were not before: WebGPU has not judged them yet. */
  isNew = false;
  readonly #device: GPUDevice;
  readonly #memory: Memory;
  readonly #packed: ArrayBuffer;
  private constructor(device: GPUDevice, memory: Memory, program: Program, compiled: Pipeline[]) {
    this.#device = device;
    this.#memory = memory;
    this.program = program;
    const align = device.limits.minUniformBufferOffsetAlignment;
    let bytes = 0;
    this.steps = program.passes.map((pass, index) => {
      const slot = bytes;
      bytes += Math.ceil(paramBytes(pass.kernel) / align) * align;
      const grid = gridOf(pass.workgroups, device.limits.maxComputeWorkgroupsPerDimension);
      return { pass, pipeline: compiled[index] as Pipeline, slot, grid };
    });
    this.uniformBytes = Math.max(bytes, 4);
    this.#packed = new ArrayBuffer(this.uniformBytes);
  }

  /** Compiles every kernel of the program, all at once. */
  static async compile(
    device: GPUDevice,
    memory: Memory,
    pipelines: Pipelines,
    program: Program,
  ): Promise<Steps> {
    const kernels = program.passes.map(({ kernel }) => kernel);
    // The longest is asked for first: the others compile beside it, not before it.
    const longest = [...new Set(kernels)].sort((a, b) => lengthOf(b) - lengthOf(a));
    const asked = new Map(longest.map((kernel) => [kernel, pipelines.get(kernel)]));
    const compiled = await Promise.all(
      kernels.map((kernel) => asked.get(kernel) as Promise<Pipeline>),
    );
    return new Steps(device, memory, program, compiled);
  }

  /** The params of all passes as bytes; the same memory at every call. */
  pack(placement: Placement, numbers: Readonly<Record<string, number>>): ArrayBuffer {
    const view = new DataView(this.#packed);
    for (const { pass, slot, grid } of this.steps) {
      const values: Record<string, number> = { gridWidth: grid[0] };
      for (const [name, range] of Object.entries(pass.bindings)) {
        values[`${name}Start`] = this.#align(placement, range).start;
      }
      for (const [name, value] of Object.entries(pass.params)) {
        values[name] = typeof value === "number" ? value : (numbers[value] as number);
      }
      packParams(pass.kernel, values, view, slot);
    }
    return this.#packed;
  }

  /** The bind groups of all steps: what recording needs, and stays as it is while the placement does. */
  groups(placement: Placement, uniforms: GPUBuffer): readonly GPUBindGroup[] {
    return this.steps.map((step) => this.#bindGroup(step, placement, uniforms));
  }

  /** Records the steps from `first` to before `last`. */
  encode(
    encoder: GPUCommandEncoder,
    groups: readonly GPUBindGroup[],
    first = 0,
    last = this.steps.length,
  ): void {
    const recorder = encoder.beginComputePass({ label: this.program.label });
    for (let at = first; at < last; at++) {
      const { pipeline, grid } = this.steps[at] as Step;
      recorder.setPipeline(pipeline.pipeline);
      recorder.setBindGroup(0, groups[at] as GPUBindGroup);
      recorder.dispatchWorkgroups(grid[0], grid[1]);
    }
    recorder.end();
  }

  /** Records and submits them. */
  submit(groups: readonly GPUBindGroup[], first?: number, last?: number): void {
    const encoder = this.#device.createCommandEncoder({ label: this.program.label });
    this.encode(encoder, groups, first, last);
    this.#device.queue.submit([encoder.finish()]);
  }

  /** Storage bindings begin at aligned addresses; what remains is given to the kernel in elements. */
  #align(placement: Placement, range: Range): GPUBufferBinding & { start: number } {
    const placed = placement.get(range.buffer);
    if (!placed) fail("SHAPE_MISMATCH", `${this.program.label}: ${range.buffer} is missing`);
    const align = this.#device.limits.minStorageBufferOffsetAlignment;
    const begin = placed.offset + range.offset;
    const offset = Math.floor(begin / align) * align;
    const size = Math.ceil((begin - offset + range.bytes) / 4) * 4;
    const limit = this.#device.limits.maxStorageBufferBindingSize;
    if (size > limit) {
      fail(
        "LIMIT_EXCEEDED",
        `${this.program.label}: ${range.buffer} takes ${size} bytes at once, this device binds ${limit}; give it in blocks of rows`,
      );
    }
    return { buffer: placed.buffer, offset, size, start: (begin - offset) / range.unit };
  }

  #bindGroup(step: Step, placement: Placement, uniforms: GPUBuffer): GPUBindGroup {
    const { bindings, layout, bindGroups } = step.pipeline;
    let key = "";
    const entries = bindings.map(({ index, access, name }): GPUBindGroupEntry => {
      const range = step.pass.bindings[name];
      const resource: GPUBufferBinding =
        access === "uniform"
          ? { buffer: uniforms, offset: step.slot, size: paramBytes(step.pass.kernel) }
          : range
            ? this.#align(placement, range)
            : {
                buffer: this.#memory.blank(access === "storage, read" ? 0 : index),
                offset: 0,
                size: 256,
              };
      key += `${idOf(resource.buffer)}:${resource.offset}:${resource.size} `;
      return { binding: index, resource };
    });
    const known = bindGroups.get(key);
    if (known) return known;
    if (bindGroups.size >= KEEP_BIND_GROUPS) {
      bindGroups.delete(bindGroups.keys().next().value as string);
    }
    this.isNew = true;
    const group = this.#device.createBindGroup({ layout, entries });
    bindGroups.set(key, group);
    return group;
  }
}
