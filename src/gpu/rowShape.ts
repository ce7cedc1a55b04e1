import type { CrossEntropyShape, RowShape, Target } from "../plan.js";

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
  const most = Math.min(256, on.maxInvocations);
  // Neighbouring rows of an image lie side by side: a lane each is coalesced.
  if (strided) return { lanes: 1, rows: Math.min(64, most) };
  const lanes = classes <= 1024 ? Math.min(64, most) : most;
  return { lanes, rows: classes <= 1024 ? Math.min(4, most / lanes) : 1 };
}

/** Where a lane takes four rows (shaders/crossEntropyFew.wgsl), if nothing else forbids it. */
export const hasFew = (on: Target, classes: number): boolean => on.software && classes <= 64;

/** Lanes of a workgroup that has a part of a row, and the fewest classes that are worth one. */
const PART = { lanes: 64, classes: 4096 };
/** Workgroups of that size that fill a large GPU. */
const FULL = 512;

/** Parts of a row, if nothing else forbids them: few rows leave most of a GPU idle. */
export function partsOfRows(on: Target, rows: number, classes: number): number {
  if (on.shape) return on.shape.parts;
  if (on.software || rows >= 64) return 1;
  const most = Math.min(Math.floor(FULL / Math.max(rows, 1)), Math.floor(classes / PART.classes));
  return Math.max(most, 1);
}

/**
 * The choice for cross-entropy; `can` says what its options leave free. Its loop over tiles is no slower with a lane a row.
 * llvmpipe ends an invocation after 65 535 trips of all its loops together, of which a row that needs care takes two a class.
 */
export function crossEntropyShape(
  on: Target,
  rows: number,
  classes: number,
  strided: boolean,
  can: { readonly few: boolean; readonly parts: boolean },
): CrossEntropyShape {
  if (on.shape) return can.parts ? on.shape : { ...on.shape, parts: 1 };
  if (on.software) {
    const whole = { few: false, parts: 1, subgroups: false, quads: false };
    if (can.few && hasFew(on, classes)) {
      // Wide workgroups read and write an image in longer runs; every core must still have some.
      const wide = rows >= 16_384 && on.maxInvocations >= 256;
      return { lanes: 1, rows: wide ? 1024 : 64, ...whole, few: true };
    }
    if (classes > 120_000) return { lanes: 16, rows: 1, ...whole };
    if (classes > 30_000 || (rows < 8 && !strided)) return { lanes: 4, rows: 1, ...whole };
    // A workgroup costs as much as a thousand logits; every core must still have some.
    const together = classes <= 128 && rows >= 1024 ? 64 : 4;
    return { lanes: 1, rows: together, ...whole };
  }
  const join = { few: false, subgroups: on.features.has("subgroups"), quads: !strided };
  const parts = partsOfRows(on, rows, classes);
  if (can.parts && parts > 1) {
    return { lanes: Math.min(PART.lanes, on.maxInvocations), rows: 1, parts, ...join };
  }
  return { ...rowShape(on, rows, classes, strided), parts: 1, ...join };
}
