import { NagaError, parseWgsl, validate } from "naga-wasm";

/** Compiles WGSL as Firefox and wgpu do, without a GPU; throws naga's message with the line it points at. */
export function validateWithNaga(code: string): void {
  try {
    const module = parseWgsl(code);
    try {
      validate(module).free();
    } finally {
      module.free();
    }
  } catch (error) {
    if (error instanceof NagaError) throw new Error(error.formatted.trim(), { cause: error });
    throw error;
  }
}
