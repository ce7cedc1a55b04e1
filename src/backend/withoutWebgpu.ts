import { fail } from "../errors.js";

// What stands for webgpu.ts and adapter.ts in the build of the CPU entry.

export const adapterOf = (): undefined => undefined;

export function deviceOf(): never {
  return fail("UNSUPPORTED", "openBackend: webgpu-loss/cpu has no WebGPU; import webgpu-loss");
}

export const WebGpuBackend: undefined = undefined;
