import type { Argument } from "../argument.js";
import { bytesPerElement, gpuDType } from "../dtype.js";
import { fail } from "../errors.js";
import type { HostArray } from "../host.js";
import type { Program } from "../plan.js";
import type { Request } from "../request.js";
import type { Memory } from "./memory.js";
import type { Placed } from "./steps.js";

const STORAGE = 0x80;

/** Buffers that are taken together and given back together. */
export class Loan {
  readonly buffers: GPUBuffer[] = [];
  readonly #memory: Memory;
  constructor(memory: Memory) {
    this.#memory = memory;
  }

  take(bytes: number): GPUBuffer {
    const buffer = this.#memory.acquire(bytes);
    this.buffers.push(buffer);
    return buffer;
  }

  giveBack(): void {
    for (const buffer of this.buffers.splice(0)) this.#memory.release(buffer);
  }

  discard(): void {
    for (const buffer of this.buffers.splice(0)) this.#memory.discard(buffer);
  }
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

function checkSize(device: GPUDevice, loss: string, name: string, bytes: number): void {
  const limit = device.limits.maxBufferSize;
  if (bytes <= limit) return;
  fail(
    "LIMIT_EXCEEDED",
    `${loss}: ${name} takes ${bytes} bytes, this device's buffers hold ${limit}; give it in blocks of rows`,
  );
}

/** Uploads host data into a buffer of the loan, or points at the caller's. `own` is where it lay last time. */
export function placeInput(
  device: GPUDevice,
  loss: string,
  argument: Argument,
  loan: Loan,
  own?: Placed,
): Placed | undefined {
  const { gpu, host, name, size, dtype } = argument;
  if (gpu) {
    if (gpu.owner && gpu.owner.device !== device) {
      fail("UNSUPPORTED", `${loss}: ${name} lies on another backend's device; read() it first`);
    }
    if ((gpu.buffer.usage & STORAGE) === 0) {
      fail("UNSUPPORTED", `${loss}: ${name}: its GPUBuffer was made without usage STORAGE`);
    }
    return { buffer: gpu.buffer, offset: gpu.offset };
  }
  if (!host) return undefined;
  if (host.length !== size) {
    fail("DTYPE", `${loss}: ${name} was transferred away while the call was under way`);
  }
  const bytes = size * bytesPerElement[gpuDType(dtype)];
  checkSize(device, loss, name, bytes);
  const placed = own ?? { buffer: loan.take(bytes), offset: 0 };
  device.queue.writeBuffer(placed.buffer, 0, uploadable(host));
  return placed;
}

/** Makes room for every buffer of a program; those that hold results come from `results`. */
export function placeAll(
  device: GPUDevice,
  request: Request,
  program: Program,
  loan: Loan,
  results: Loan,
): Map<string, Placed> {
  const placement = new Map<string, Placed>();
  const kept = new Set(Object.values(program.views).map(({ buffer }) => buffer));
  if (program.status) kept.add(program.status.buffer);
  const from = (name: string): Loan => (kept.has(name) ? results : loan);
  for (const [name, argument] of Object.entries(request.tensors)) {
    const placed = placeInput(device, request.spec.name, argument, from(name));
    if (placed) placement.set(name, placed);
  }
  for (const [name, bytes] of Object.entries(program.buffers)) {
    checkSize(device, request.spec.name, name, bytes);
    placement.set(name, { buffer: from(name).take(bytes), offset: 0 });
  }
  return placement;
}
