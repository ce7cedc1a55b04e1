import type { Program } from "../plan.js";

/** How long a program may take, before anything was measured. */
export interface Pace {
  /** Bytes of all its passes. */
  readonly total: number;
  /** Bytes a second. */
  readonly rate: number;
}

export const paceOf = (program: Program, { software }: { readonly software: boolean }): Pace => ({
  total: program.passes.reduce((sum, { work }) => sum + work, 0),
  rate: software ? 400e6 : 20e9,
});

export const expectedMs = ({ total, rate }: Pace): number => (1000 * total) / rate;
