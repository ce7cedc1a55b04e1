import { fail } from "../errors.js";

// What stands for webgpu.ts in the build of the CPU entry.

export function adapterAndDevice(): never {
  return fail("UNSUPPORTED", "openBackend: webgpu-loss/cpu has no WebGPU; import webgpu-loss");
}

export const WebGpuBackend: undefined = undefined;
