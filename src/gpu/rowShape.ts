import type { Target } from "../plan.js";

/** How a workgroup is laid over rows: `lanes` share a row, `rows` share a workgroup. */
export interface RowShape {
  readonly lanes: number;
  readonly rows: number;
}

/**
 * The choice of kernel shape by device class and problem, in one table. A software adapter pays for every lane of a
 * barrier and for every workgroup; a GPU wants coalesced lanes and many rows in flight. Measured in bench/README.md.
 */
export function rowShape(on: Target, rows: number, classes: number, strided: boolean): RowShape {
  if (on.software) {
    // One lane a row needs no barrier at all, but the lanes of a subgroup must then have a row each.
    return strided || (classes <= 8192 && rows >= 8)
      ? { lanes: 1, rows: 4 }
      : { lanes: 4, rows: 1 };
  }
  // Neighbouring rows of an image lie side by side: a lane each is coalesced.
  if (strided) return { lanes: 1, rows: 64 };
  return classes <= 1024
    ? { lanes: 64, rows: 4 }
    : { lanes: Math.min(256, on.maxInvocations), rows: 1 };
}
