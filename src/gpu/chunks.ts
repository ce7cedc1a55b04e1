import type { ProgramBuilder, Range } from "../plan.js";

/** Bytes of a RowInfo. */
export const rowInfoBytes = 12;

/** Rows whose factors lie in a buffer of their own, which one binding holds. */
export interface Chunk {
  readonly first: number;
  readonly count: number;
  /** The first of its blocks. */
  readonly block: number;
  /** (count) of RowInfo. */
  readonly rowInfo: Range;
}

/** The rows of a call in chunks of whole blocks, the first the longest: one, unless `most` rows are all that a binding holds. */
export function chunksOf(
  builder: ProgramBuilder,
  { rows, segment, size }: { rows: number; segment: number; size: number },
  most: number,
): Chunk[] {
  const perSegment = Math.max(Math.ceil(segment / size), 1);
  const step = Math.max(Math.floor(most / Math.min(size, Math.max(segment, 1))), 1);
  const rowOf = (block: number): number =>
    Math.min(Math.floor(block / perSegment) * segment + (block % perSegment) * size, rows);
  const chunks: Chunk[] = [];
  for (let block = 0, first = 0; block === 0 || first < rows; block += step) {
    const next = rowOf(block + step);
    const rowInfo = builder.buffer(`rowInfo${first || ""}`, (next - first) * rowInfoBytes);
    chunks.push({ first, count: next - first, block, rowInfo });
    first = next;
  }
  return chunks;
}
