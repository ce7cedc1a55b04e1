import { fail } from "../errors.js";

/** What a backend holds, in bytes. */
export interface MemoryReport {
  /** In use by tensors, plans and calls under way. */
  readonly live: number;
  /** Kept for the next call. */
  readonly pooled: number;
  readonly peak: number;
  readonly buffers: number;
}

// GPUBufferUsage and GPUMapMode by value: the constants exist only where WebGPU does.
const MAP_READ = 0x01;
const COPY_SRC = 0x04;
const COPY_DST = 0x08;
const UNIFORM = 0x40;
const STORAGE = 0x80;
const WORKING = STORAGE | UNIFORM | COPY_SRC | COPY_DST;
const READBACK = MAP_READ | COPY_DST;

/** Sizes in eighths of a power of two, so that calls of about one size share buffers. */
function roundUp(bytes: number, limit: number): number {
  if (bytes <= 256) return 256;
  const step = 2 ** Math.max(Math.floor(Math.log2(bytes)) - 3, 8);
  return Math.max(bytes, Math.min(Math.ceil(bytes / step) * step, limit));
}

/** The backend's buffers: a pool by size, and a ledger of every byte. */
export class Memory {
  readonly #device: GPUDevice;
  readonly #budget: number;
  readonly #keep: number;
  readonly #free = new Map<string, GPUBuffer[]>();
  readonly #live = new Set<GPUBuffer>();
  readonly #blank: GPUBuffer[] = [];
  #liveBytes = 0;
  #pooledBytes = 0;
  #peak = 0;
  constructor(device: GPUDevice, budget: number, keep: number) {
    this.#device = device;
    this.#budget = budget;
    this.#keep = keep;
  }

  /** A working buffer of at least `bytes`. Its content is whatever the last user left. */
  acquire(bytes: number, usage = WORKING): GPUBuffer {
    const limit = this.#device.limits.maxBufferSize;
    if (bytes > limit) {
      fail("LIMIT_EXCEEDED", `a buffer of ${bytes} bytes exceeds the device's limit of ${limit}`);
    }
    const size = roundUp(Math.ceil(bytes / 4) * 4, limit);
    const pooled = this.#free.get(`${usage}:${size}`)?.pop();
    if (pooled) this.#pooledBytes -= size;
    else this.#checkBudget(size);
    const buffer = pooled ?? this.#device.createBuffer({ size, usage });
    this.#live.add(buffer);
    this.#liveBytes += size;
    this.#peak = Math.max(this.#peak, this.#liveBytes + this.#pooledBytes);
    return buffer;
  }

  /** A buffer that the host can map for reading. */
  acquireReadback(bytes: number): GPUBuffer {
    return this.acquire(bytes, READBACK);
  }

  /** Back to the pool. Safe at once after a submit: the queue keeps the order. */
  release(buffer: GPUBuffer): void {
    if (!this.#live.delete(buffer)) return;
    this.#liveBytes -= buffer.size;
    if (this.#pooledBytes + buffer.size > this.#keep) {
      buffer.destroy();
      // Destroyed memory comes back only with the next submit.
      this.#device.queue.submit([]);
      return;
    }
    const key = `${buffer.usage}:${buffer.size}`;
    const list = this.#free.get(key);
    if (list) list.push(buffer);
    else this.#free.set(key, [buffer]);
    this.#pooledBytes += buffer.size;
  }

  /** Destroys a buffer whose creation failed, instead of pooling it. */
  discard(buffer: GPUBuffer): void {
    if (this.#live.delete(buffer)) this.#liveBytes -= buffer.size;
    buffer.destroy();
  }

  /** A small buffer for a binding that this kernel declares but does not use; one per slot, since writable ones must differ. */
  blank(slot: number): GPUBuffer {
    this.#blank[slot] ??= this.#device.createBuffer({ size: 256, usage: WORKING });
    return this.#blank[slot] as GPUBuffer;
  }

  report(): MemoryReport {
    return {
      live: this.#liveBytes,
      pooled: this.#pooledBytes,
      peak: this.#peak,
      buffers: this.#live.size,
    };
  }

  /** Frees the pool; buffers in use stay. */
  trim(): void {
    for (const list of this.#free.values()) for (const buffer of list) buffer.destroy();
    this.#free.clear();
    this.#pooledBytes = 0;
    this.#device.queue.submit([]);
  }

  destroy(): void {
    for (const buffer of [...this.#live, ...this.#blank]) buffer?.destroy();
    this.#live.clear();
    this.#liveBytes = 0;
    this.trim();
  }

  #checkBudget(size: number): void {
    if (this.#liveBytes + this.#pooledBytes + size <= this.#budget) return;
    this.trim();
    if (this.#liveBytes + size <= this.#budget) return;
    fail(
      "OUT_OF_MEMORY",
      `${size} bytes more would exceed the memory budget of ${this.#budget} (${this.#liveBytes} in use); destroy results, or raise openBackend({ memoryBudget })`,
    );
  }
}
