import { fractions } from "./exponentials.js";
import code from "./exponentials.wat";

/** exponentials.wat, with its memory; addresses are in bytes. */
interface Vectorised {
  readonly memory: WebAssembly.Memory;
  exponentials(row: number, rows: number, pitch: number): void;
  scale(at: number, end: number, factor: number): void;
  scaleToFloat32(at: number, end: number, factor: number): void;
}

let opened: Vectorised | false | undefined;

/** The vector code, or false where there is none: an old engine, or a page whose policy forbids WebAssembly. */
export function vectorised(): Vectorised | false {
  if (opened !== undefined) return opened;
  try {
    const bytes = Uint8Array.from(atob(code), (letter) => letter.charCodeAt(0));
    // A kilobyte compiles in less time than a promise takes to come back.
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    opened = exports as unknown as Vectorised;
    new Float64Array(opened.memory.buffer).set(fractions);
  } catch {
    opened = false;
  }
  return opened;
}
