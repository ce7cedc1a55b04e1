/** What a device was asked for and has given back, counted on the device itself and not by the library. */
export interface DeviceLedger {
  readonly live: Map<GPUBuffer, number>;
  /** How often each method was called. */
  readonly calls: Record<"createBuffer" | "createBindGroup" | "createComputePipelineAsync", number>;
}

/** Watches a device: every buffer that it makes until that is destroyed. */
export function watch(device: GPUDevice): DeviceLedger {
  const live = new Map<GPUBuffer, number>();
  const calls = { createBuffer: 0, createBindGroup: 0, createComputePipelineAsync: 0 };
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    calls.createBuffer += 1;
    const buffer = createBuffer(descriptor);
    live.set(buffer, buffer.size);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      live.delete(buffer);
      return destroy();
    };
    return buffer;
  };
  const createBindGroup = device.createBindGroup.bind(device);
  device.createBindGroup = (descriptor) => {
    calls.createBindGroup += 1;
    return createBindGroup(descriptor);
  };
  const compile = device.createComputePipelineAsync.bind(device);
  device.createComputePipelineAsync = (descriptor) => {
    calls.createComputePipelineAsync += 1;
    return compile(descriptor);
  };
  return { live, calls };
}

/** A device of the test's own, as a caller of the library would have one. */
export async function ownDevice(descriptor?: GPUDeviceDescriptor): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error("this browser gives no WebGPU adapter");
  return adapter.requestDevice(descriptor);
}
