import { fractions, STEPS } from "./exponentials.js";
import code from "./exponentials.wat";

/** exponentials.wat, with its memory; addresses are in bytes. */
interface Vectorised {
  readonly memory: WebAssembly.Memory;
  exponentials(row: number, rows: number, pitch: number): void;
  widen(from: number, step: number, row: number, rows: number, pitch: number): void;
  scale(row: number, rows: number, pitch: number, to: number, step: number): void;
  scaleToFloat32(row: number, rows: number, pitch: number, to: number, step: number): void;
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
    const { buffer } = opened.memory;
    new Float64Array(buffer).set(fractions);
    const words = new Int32Array(buffer);
    for (let j = 0; j < STEPS; j++) (words[2 * j + 1] as number) -= j << 9;
  } catch {
    opened = false;
  }
  return opened;
}
