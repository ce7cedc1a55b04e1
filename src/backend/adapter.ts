/** Asks for an adapter, before the code that uses it is here; undefined where there is no WebGPU. */
export function adapterOf(
  powerPreference: GPUPowerPreference = "high-performance",
): Promise<GPUAdapter | null> | undefined {
  const adapter = globalThis.navigator?.gpu?.requestAdapter({ powerPreference });
  // Nobody hears of its failure where that code cannot be loaded.
  adapter?.catch(() => {});
  return adapter;
}
