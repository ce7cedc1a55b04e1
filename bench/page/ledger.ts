/** Every byte of GPU buffers that is alive in this page, whoever made it, and the most since `mark`. */
let live = 0;
let peak = 0;
const sizes = new WeakMap<GPUBuffer, number>();

/** Must run before any contender opens a device. */
export function watchBuffers(): void {
  if (typeof GPUDevice === "undefined") return;
  const { createBuffer } = GPUDevice.prototype;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    sizes.set(buffer, descriptor.size);
    live += descriptor.size;
    peak = Math.max(peak, live);
    return buffer;
  };
  const { destroy } = GPUBuffer.prototype;
  GPUBuffer.prototype.destroy = function () {
    live -= sizes.get(this) ?? 0;
    sizes.delete(this);
    return destroy.call(this);
  };
}

export const liveBytes = (): number => live;

/** Starts a new peak at what is alive now; the function tells how far it rose above that. */
export function mark(): () => number {
  const before = live;
  peak = live;
  return () => peak - before;
}
