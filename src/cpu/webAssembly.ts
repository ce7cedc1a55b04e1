/** What a module exports, or false where there is none: an old engine, or a page whose policy forbids WebAssembly. */
export function instantiate<Exports>(code: string): Exports | false {
  try {
    const bytes = Uint8Array.from(atob(code), (letter) => letter.charCodeAt(0));
    // A kilobyte compiles in less time than a promise takes to come back.
    return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as Exports;
  } catch {
    return false;
  }
}

const PAGE = 65_536;

/** All of a memory as float64s, with room for at least so many. */
export function float64s(memory: WebAssembly.Memory, count: number): Float64Array {
  const missing = 8 * count - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  return new Float64Array(memory.buffer);
}
