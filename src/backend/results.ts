import { bytesPerElement } from "../dtype.js";
import { LossError } from "../errors.js";
import { type Program, statusBytes, statusWords } from "../plan.js";
import { gather, type LossResult } from "../result.js";
import type { Stats } from "../spec.js";
import { type GpuOwner, type GpuStorage, sizeOf, Tensor } from "../tensor.js";
import type { Memory } from "./memory.js";
import { expectedMs, paceOf } from "./pace.js";
import type { Placement } from "./steps.js";

const MAP_READ = 1;
/** Work expected to be done by then is asked for after ASK_MS; to a software adapter an answer is work, too. */
const SHORT_MS = 0.5;
const ASK_MS = 1;

/** What results need of their backend. */
export interface ResultOwner extends GpuOwner {
  readonly device: GPUDevice;
  readonly info: { readonly software: boolean };
  check(): void;
}

function toStats(words: Uint32Array): Stats {
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  const stats: Record<string, number> = {};
  for (const [index, name] of statusWords.entries()) {
    const isFloat = name === "denominator" || name === "count";
    stats[name] = (isFloat ? floats : words)[index] as number;
  }
  return stats as unknown as Stats;
}

/** Turns the buffers of a finished program into tensors, and tensors into numbers. */
export class Results {
  readonly #owner: ResultOwner;
  readonly #memory: Memory;
  /** Results that were dropped without destroy() give their buffers back when they are collected. */
  readonly #dropped = new FinalizationRegistry<() => void>((release) => release());
  constructor(owner: ResultOwner, memory: Memory) {
    this.#owner = owner;
    this.#memory = memory;
  }

  /** `kept` are the buffers that live as long as the result's tensors; `failure` is awaited before the first read. */
  wrap(
    program: Program,
    placement: Placement,
    kept: readonly GPUBuffer[],
    failure?: Promise<void>,
  ): LossResult {
    failure?.catch(() => {});
    const isShort = expectedMs(paceOf(program, this.#owner.info)) < SHORT_MS;
    let users = 0;
    const status = program.status && placement.get(program.status.buffer);
    const at = status && program.status ? status.offset + program.status.offset : 0;
    const verdict = (words: Uint32Array): void => {
      const wrong = words[2] ?? 0;
      if (wrong === 0 || !program.labelRule) return;
      throw new LossError("TARGET_OUT_OF_RANGE", `${wrong} ${program.labelRule}`);
    };
    const make = (
      shape: readonly number[],
      dtype: Tensor["dtype"],
      name: string,
      offset: number,
    ): Tensor => {
      const placed = placement.get(name) as { buffer: GPUBuffer; offset: number };
      const begin = placed.offset + offset;
      let released = false;
      users += 1;
      const release = (): void => {
        if (released) return;
        released = true;
        users -= 1;
        if (users === 0) for (const buffer of kept) this.#memory.release(buffer);
      };
      const storage: GpuStorage = {
        kind: "gpu",
        buffer: placed.buffer,
        offset: begin,
        bytes: sizeOf(shape) * bytesPerElement[dtype],
        owner: this.#owner,
        release,
        verdict,
        isShort,
        ...(status ? { status: { buffer: status.buffer, offset: at } } : {}),
        ...(failure ? { failure } : {}),
      };
      const tensor = new Tensor(shape, dtype, storage);
      if (kept.length > 0) this.#dropped.register(tensor, release);
      return tensor;
    };
    const tensors: Record<string, Tensor> = {};
    for (const [path, view] of Object.entries(program.views)) {
      tensors[path] = make(view.shape, view.dtype, view.buffer, view.offset);
    }
    const read = async (): Promise<Stats> => {
      const values = tensors.loss ?? tensors.output;
      const { status: words } = await this.#copy(values?.storage as GpuStorage);
      return toStats(words);
    };
    return gather(tensors, { read }, "webgpu");
  }

  async download(storage: GpuStorage): Promise<ArrayBuffer> {
    const { bytes, status } = await this.#copy(storage);
    storage.verdict?.(status);
    return bytes;
  }

  /** One copy, one map: the data and the status words behind them. */
  async #copy(storage: GpuStorage): Promise<{ bytes: ArrayBuffer; status: Uint32Array }> {
    const { device } = this.#owner;
    const { buffer, offset, bytes, status } = storage;
    if ((buffer.usage & 0x04) === 0) {
      throw new LossError("UNSUPPORTED", "read(): this GPUBuffer was made without usage COPY_SRC");
    }
    const begin = Math.floor(offset / 4) * 4;
    const length = Math.ceil((offset + bytes - begin) / 4) * 4;
    const staging = this.#memory.acquireReadback(length + statusBytes);
    let asking: ReturnType<typeof setTimeout> | undefined;
    try {
      const encoder = device.createCommandEncoder();
      if (length > 0) encoder.copyBufferToBuffer(buffer, begin, staging, 0, length);
      if (status) {
        encoder.copyBufferToBuffer(status.buffer, status.offset, staging, length, statusBytes);
      }
      device.queue.submit([encoder.finish()]);
      const mapping = staging.mapAsync(MAP_READ, 0, length + statusBytes);
      mapping.catch(() => {});
      // Chromium's GPU process sees finished work when it is asked something, and else every 2 ms.
      if (storage.isShort) asking = setTimeout(() => this.#ask(), ASK_MS);
      // Both are waited for at once; what was refused is told first.
      await storage.failure;
      await mapping;
      const mapped = staging.getMappedRange(0, length + statusBytes);
      const data = mapped.slice(offset - begin, offset - begin + bytes);
      const words = new Uint32Array(mapped.slice(length));
      staging.unmap();
      this.#memory.release(staging);
      return { bytes: data, status: status ? words : new Uint32Array(statusWords.length) };
    } catch (cause) {
      this.#memory.discard(staging);
      this.#owner.check();
      if (cause instanceof LossError) throw cause;
      throw new LossError("DEVICE_LOST", `reading back failed: ${String(cause)}`, cause);
    } finally {
      clearTimeout(asking);
    }
  }

  #ask(): void {
    const { device } = this.#owner;
    device.pushErrorScope("validation");
    device.popErrorScope().catch(() => {});
  }
}
