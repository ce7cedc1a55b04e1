import kernel from "../../shaders/plane.wgsl?raw";
import { type ProgramBuilder, type Range, slice } from "../plan.js";
import type { Chunk } from "./chunks.js";

/** Numbers of each row, some planes of them: as a kernel over rows writes them, and as results. */
export interface Planes {
  /** The planes of a chunk, one after the other: a binding that holds them all. */
  of(chunk: Chunk): Range;
  /** What is left to do when a chunk is written. */
  finish(chunk: Chunk): void;
  /** One plane of all rows. */
  at(plane: number): Range;
}

/** Plans room for `count` planes. Where rows come in several chunks, these are copied together. */
export function planPlanes(
  builder: ProgramBuilder,
  chunks: readonly Chunk[],
  count: number,
): Planes {
  const rows = chunks.reduce((sum, chunk) => sum + chunk.count, 0);
  if (chunks.length === 1 || count === 1) {
    const stats = builder.buffer("stats", count * rows * 4);
    const of = (chunk: Chunk): Range => slice(stats, chunk.first, count * chunk.count);
    return { of, finish: () => {}, at: (plane) => slice(stats, plane * rows, rows) };
  }
  const [{ count: longest }] = chunks as [Chunk];
  const stats = builder.buffer("stats", count * longest * 4);
  const planes = Array.from({ length: count }, (_, at) => builder.buffer(`plane${at}`, rows * 4));
  const finish = (chunk: Chunk): void => {
    for (const [at, plane] of planes.entries()) {
      builder.pass({
        kernel: {
          label: "plane",
          parts: [kernel],
          constants: {},
          params: { count: "u32", gridWidth: "u32", planeStart: "u32", wholeStart: "u32" },
        },
        bindings: {
          plane: slice(stats, at * chunk.count, chunk.count),
          whole: slice(plane, chunk.first, chunk.count),
        },
        params: { count: chunk.count },
        workgroups: Math.ceil(chunk.count / 64),
        work: chunk.count * 8,
      });
    }
  };
  return { of: () => stats, finish, at: (plane) => planes[plane] as Range };
}
