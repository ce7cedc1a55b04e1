import { describe, expect, test } from "vitest";
import { detectRaces } from "wgsl_reflect/wgsl_reflect.module.js";
import { assemble } from "../../src/module.js";
import type { Kernel } from "../../src/plan.js";
import { readable, reflect } from "../reflection.js";
import { crossEntropyModules } from "../variants.js";

const LANES = 8;

/**
 * The row kernels compare vectors, which the interpreter cannot; what their lanes share is all in the pieces that join
 * them. So those are driven by an entry point of their own.
 */
const driver = /* wgsl */ `
@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  var row: Row;
  row.nats = 1.0;
  var sums = nothing();
  sums.rest = f32(thread);
  let all = joinedLanes(row, sums, thread);
  let sum = joinedSum(f32(thread), thread);
  stats[thread] = bitcast<u32>(all.rest + sum);
}`;

const sizes: Readonly<Record<string, number>> = {
  blocks: 1,
  blocksPerSegment: 1,
  block: 64,
  count: 64,
  rows: 8,
  classes: 20,
  rowStride: 20,
  gridWidth: 1,
  totalRows: 8,
  segmentLength: 8,
  segments: 1,
  inner: 1,
};

function narrow(kernel: Kernel): string {
  const isRows = kernel.label.startsWith("cross-entropy");
  return assemble({
    ...kernel,
    constants: { ...kernel.constants, LANES, ...(isRows ? { ROWS: 1 } : {}) },
    parts: isRows ? [...kernel.parts.slice(0, -1), driver] : kernel.parts,
  });
}

function racesIn(text: string, kernel: Kernel): number {
  const code = readable(text);
  const buffers: Record<number, unknown> = {};
  for (const resource of reflect(text).getBindGroups()[0] ?? []) {
    if (!resource) continue;
    buffers[resource.binding] =
      resource.name === "params"
        ? { uniform: Uint32Array.from(Object.keys(kernel.params), (name) => sizes[name] ?? 0) }
        : new Uint32Array(512);
  }
  const found = detectRaces(code, "main", [1, 1, 1], { 0: buffers });
  expect(found.errors).toEqual([]);
  return found.races.length;
}

/** The module once for each barrier, without that barrier. */
function withoutOneBarrier(text: string): string[] {
  const parts = text.split("workgroupBarrier();");
  return parts
    .slice(1)
    .map((_, cut) =>
      parts.reduce(
        (joined, part, at) => joined + (at === cut + 1 ? "" : "workgroupBarrier();") + part,
      ),
    );
}

// One module of each kind that has barriers.
const modules = crossEntropyModules().filter(({ text }) => text.includes("workgroupBarrier();"));
const kinds = new Map(modules.map((module) => [module.kernel.label, module]));

describe("lanes never read what another lane may be writing", () => {
  test("in any kernel with barriers: all kinds are looked at", () => {
    expect([...kinds.keys()].sort()).toEqual([
      "cross-entropy: gradient",
      "cross-entropy: inPlace",
      "cross-entropy: losses",
      "cross-entropy: parts",
      "cross-entropy: targets",
      "prepare",
      "reduce",
      "settle",
    ]);
  });

  test.each([...kinds])("%s", (_, { kernel }) => {
    expect(racesIn(narrow(kernel), kernel)).toBe(0);
  });

  test.each([...kinds])(
    "%s: each of its barriers is needed, and its loss would be seen",
    (_, { kernel }) => {
      const broken = withoutOneBarrier(narrow(kernel));
      expect(broken.length).toBeGreaterThan(1);
      for (const text of broken) expect(racesIn(text, kernel)).toBeGreaterThan(0);
    },
  );
});
