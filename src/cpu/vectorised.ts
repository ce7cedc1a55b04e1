import { fractions, STEPS } from "./exponentials.js";
import code from "./exponentials.wat";
import { float64s, instantiate } from "./webAssembly.js";

/** exponentials.wat, with its memory; addresses are in bytes. */
interface Vectorised {
  readonly memory: WebAssembly.Memory;
  exponentials(row: number, rows: number, pitch: number): void;
  widen(from: number, step: number, row: number, rows: number, pitch: number): void;
  scale(row: number, rows: number, pitch: number, to: number, step: number): void;
  scaleToFloat32(row: number, rows: number, pitch: number, to: number, step: number): void;
}

let opened: Vectorised | false | undefined;

/** The vector code, or false where there is none. */
export function vectorised(): Vectorised | false {
  if (opened !== undefined) return opened;
  opened = instantiate<Vectorised>(code);
  if (opened) {
    float64s(opened.memory, STEPS).set(fractions);
    const words = new Int32Array(opened.memory.buffer);
    for (let j = 0; j < STEPS; j++) (words[2 * j + 1] as number) -= j << 9;
  }
  return opened;
}
