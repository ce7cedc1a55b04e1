/** What the bench's own WGSL needs of WebGPU, and no more. */
const STORAGE = 0x80;
const UNIFORM = 0x40;
const COPY_SRC = 0x04;
const COPY_DST = 0x08;

export async function openDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("no WebGPU adapter");
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const timestamps = adapter.features.has("timestamp-query");
  return adapter.requestDevice({
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
    requiredFeatures: timestamps ? ["timestamp-query"] : [],
  });
}

/** A storage buffer, filled where data are given. ONNX Runtime copies whole lines of 16 bytes. */
export function storage(device: GPUDevice, from: number | ArrayBufferView<ArrayBuffer>): GPUBuffer {
  const bytes = typeof from === "number" ? from : from.byteLength;
  const size = Math.max(Math.ceil(bytes / 16) * 16, 16);
  const buffer = device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
  if (typeof from !== "number") {
    const words = new Uint8Array(from.buffer, from.byteOffset, bytes);
    device.queue.writeBuffer(buffer, 0, bytes % 4 === 0 ? words : padded(words, size));
  }
  return buffer;
}

function padded(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(size);
  out.set(bytes);
  return out;
}

export function uniforms(device: GPUDevice, words: readonly number[]): GPUBuffer {
  const data = Uint32Array.from(
    { length: 4 * Math.ceil(words.length / 4) },
    (_, at) => words[at] ?? 0,
  );
  const buffer = device.createBuffer({ size: data.byteLength, usage: UNIFORM | COPY_DST });
  device.queue.writeBuffer(buffer, 0, data);
  return buffer;
}

/** Four bytes on their way back: the wait at the end of every timed run. */
export class Readback {
  readonly #device: GPUDevice;
  readonly #buffer: GPUBuffer;
  constructor(device: GPUDevice) {
    this.#device = device;
    this.#buffer = device.createBuffer({ size: 4, usage: 0x01 | COPY_DST });
  }

  /** Records the copy; `read` after the submit. */
  record(encoder: GPUCommandEncoder, from: GPUBuffer): void {
    encoder.copyBufferToBuffer(from, 0, this.#buffer, 0, 4);
  }

  async read(): Promise<number> {
    await this.#buffer.mapAsync(0x01);
    const value = new Float32Array(this.#buffer.getMappedRange())[0] as number;
    this.#buffer.unmap();
    return value;
  }

  async of(from: GPUBuffer): Promise<number> {
    const encoder = this.#device.createCommandEncoder();
    this.record(encoder, from);
    this.#device.queue.submit([encoder.finish()]);
    return this.read();
  }

  free(): void {
    this.#buffer.destroy();
  }
}

export async function readFloats(
  device: GPUDevice,
  from: GPUBuffer,
  count: number,
): Promise<Float32Array> {
  const staging = device.createBuffer({ size: count * 4, usage: 0x01 | COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(from, 0, staging, 0, count * 4);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(0x01);
  const out = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return out;
}

/** Milliseconds on the GPU's clock of whatever `record` puts between two empty passes; undefined without the feature. */
export async function gpuMilliseconds(
  device: GPUDevice,
  record: (encoder: GPUCommandEncoder) => void,
): Promise<number | undefined> {
  if (!device.features.has("timestamp-query")) return undefined;
  const querySet = device.createQuerySet({ type: "timestamp", count: 2 });
  const resolved = device.createBuffer({ size: 16, usage: 0x200 | COPY_SRC });
  const staging = device.createBuffer({ size: 16, usage: 0x01 | COPY_DST });
  const encoder = device.createCommandEncoder();
  const stamp = (index: number): void =>
    encoder.beginComputePass({ timestampWrites: { querySet, endOfPassWriteIndex: index } }).end();
  stamp(0);
  record(encoder);
  stamp(1);
  encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, staging, 0, 16);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(0x01);
  const [begin = 0n, end = 0n] = new BigUint64Array(staging.getMappedRange());
  const milliseconds = Number(end - begin) / 1e6;
  staging.destroy();
  resolved.destroy();
  querySet.destroy();
  return milliseconds;
}
