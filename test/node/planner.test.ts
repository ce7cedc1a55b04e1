import { describe, expect, test } from "vitest";
import { assemble } from "../../src/module.js";
import { gridOf, type Kernel, type Program, type Target } from "../../src/plan.js";
import { programOf, targets } from "../variants.js";

const device: Target = targets["gpu"] as Target;
const small = (maxBinding: number, software = false): Target => ({
  ...device,
  maxBinding,
  software,
});

/** Ranges that, from the aligned address before them, are larger than a binding may be. */
function tooLarge({ passes }: Program, { maxBinding, alignment }: Target): string[] {
  return passes.flatMap(({ kernel, bindings }) =>
    Object.entries(bindings).flatMap(([name, { offset, bytes, unit }]) => {
      // The caller's own logits may begin anywhere, nearly an alignment behind where the binding does.
      const ahead = name === "logits" ? alignment - unit : offset % alignment;
      const whole = bytes + ahead;
      return whole > maxBinding ? [`${kernel.label}: ${name} takes ${whole}`] : [];
    }),
  );
}

const MiB = 2 ** 20;

/** The kernels beside the main one of so many rows. */
function besides(on: string, rows: number, given: Parameters<typeof programOf>[0]): Kernel[] {
  const shapes = {
    logits: { shape: [rows, 1000] },
    targets: { shape: [rows], dtype: "i32" },
    ...given,
  };
  const { passes } = programOf(shapes, { gradients: true }, targets[on] as Target);
  return passes.map(({ kernel }) => kernel).filter(({ label }) => !/^cross-entropy/.test(label));
}

describe("a plan binds no more than the device allows", () => {
  test.each([
    ["GPT-2, loss and gradient", 128, [8192, 50_257], [8192], {}],
    ["a long context", 128, [1, 32_768, 151_936], [1, 32_768], { shift: true }],
    ["images", 128, [4, 21, 512, 512], [4, 512, 512], { classAxis: 1 }],
    ["many small rows", 1024, [12_000_000, 4], [12_000_000], {}],
    ["45 million pixels", 128, [5, 3, 3000, 3000], [5, 3000, 3000], { classAxis: 1 }],
    ["one huge image", 1024, [1, 21, 2048, 2048], [1, 2048, 2048], { classAxis: 1 }],
  ] as const)("%s, %i MiB a binding", (_, most, logits, targetsShape, options) => {
    const on = small(most * MiB);
    const shapes = { logits: { shape: logits }, targets: { shape: targetsShape, dtype: "i32" } };
    const program = programOf(shapes, { gradients: true, ...options }, on);
    expect(tooLarge(program, on)).toEqual([]);
  });

  test("100 million rows, with their labels, masks, weights and outputs", () => {
    const on = small(128 * MiB);
    const perRow = { shape: [100_000_000] };
    const shapes = {
      logits: { shape: [100_000_000, 2], dtype: "f16" },
      targets: { ...perRow, dtype: "i64" },
      mask: { ...perRow, dtype: "u32" },
      sampleWeight: perRow,
      upstream: perRow,
    };
    for (const gradients of [{ logits: true }, { logits: "inPlace" }]) {
      const options = { gradients, outputs: ["logSumExp", "logProbs", "entropy", "correct"] };
      const program = programOf(shapes, options, on);
      expect(tooLarge(program, on)).toEqual([]);
      for (const label of [
        "prepare",
        `cross-entropy: ${gradients.logits === true ? "gradient" : "inPlace"}`,
      ]) {
        const passes = program.passes.filter(({ kernel }) => kernel.label === label);
        expect(passes.length).toBeGreaterThan(5);
      }
      // What holds an answer, or numbers of the rows' own, is as large as that; nothing else need be.
      for (const [name, bytes] of Object.entries(program.buffers)) {
        if (!/^(plane\d|gradient)$/.test(name)) expect(bytes, name).toBeLessThanOrEqual(128 * MiB);
      }
    }
  });

  test("every row is visited once, whatever the binding", () => {
    for (const maxBinding of [2048, 5000, 2 ** 16]) {
      const shapes = { logits: { shape: [1000, 100] }, targets: { shape: [1000], dtype: "i32" } };
      const { passes } = programOf(shapes, { gradients: true }, small(maxBinding));
      const rows = passes.filter(({ kernel }) => kernel.label === "cross-entropy: gradient");
      let next = 0;
      for (const { params, bindings } of rows) {
        expect(params["rowStart"]).toBe(next);
        expect(bindings["logits"]?.offset).toBe(next * 400);
        next += params["rows"] as number;
      }
      expect(next).toBe(1000);
    }
  });
});

describe("a grid", () => {
  test("has one axis until 65 535 workgroups, then two", () => {
    expect(gridOf(1)).toEqual([1, 1]);
    expect(gridOf(65_535)).toEqual([65_535, 1]);
    expect(gridOf(65_536)).toEqual([65_535, 2]);
    for (const count of [70_000, 1_000_003, 2 ** 32 - 1]) {
      const [width, height] = gridOf(count);
      expect(width * height).toBeGreaterThanOrEqual(count);
      expect(Math.max(width, height)).toBeLessThanOrEqual(65_537);
    }
  });

  // A pipeline with barriers takes SwiftShader twice as long to compile: half of what a first call waited for.
  test("of a software adapter has no barrier in its small passes", () => {
    for (const rows of [64, 5000]) {
      const small = besides("software", rows, {});
      expect(small.length).toBe(rows === 64 ? 2 : 4);
      for (const kernel of small) expect(assemble(kernel)).not.toMatch(/var<workgroup>|Barrier/);
    }
  });

  test.each(Object.keys(targets))("of %s: one pass before and one behind few rows", (on) => {
    const labels = (...args: Parameters<typeof besides>) =>
      besides(...args).map(({ label }) => label);
    const perRow = { shape: [1024] };
    const weight = { shape: [1000] };
    const given = { mask: perRow, sampleWeight: perRow, upstream: perRow, weight };
    for (const rows of [1, 512, 1024]) expect(labels(on, rows, {})).toEqual(["prepare", "reduce"]);
    expect(labels(on, 1024, given)).toEqual(["prepare", "reduce"]);
    expect(labels(on, 512, { temperature: { shape: [1] } })).toContain("settle");
    expect(labels(on, 5000, {})).toContain("settle");
  });

  test("of a software adapter is cut into passes that a page can wait for", () => {
    const shapes = { logits: { shape: [4096, 50_257] }, targets: { shape: [4096], dtype: "i32" } };
    const { passes } = programOf(shapes, { gradients: true }, targets["software"] as Target);
    expect(Math.max(...passes.map(({ work }) => work))).toBeLessThan(32 * 2 ** 20);
  });
});

describe("workgroups keep to what the device allows", () => {
  const calls = [
    [[64, 100], [64], {}],
    [[9, 5000], [9], {}],
    [[2, 21, 9, 9], [2, 9, 9], { classAxis: 1 }],
  ] as const;
  test.each([16, 64, 128])("%i invocations", async (maxInvocations) => {
    for (const [logits, labels, options] of calls) {
      const shapes = { logits: { shape: logits }, targets: { shape: labels, dtype: "i32" } };
      const on = { ...device, maxInvocations };
      const { passes } = await programOf(shapes, { gradients: true, ...options }, on);
      const rows = passes.filter(({ kernel }) => kernel.label.startsWith("cross-entropy"));
      expect(rows.length).toBeGreaterThan(0);
      for (const { kernel } of rows) {
        const { LANES, ROWS } = kernel.constants;
        expect(Number(LANES) * Number(ROWS)).toBeLessThanOrEqual(maxInvocations);
      }
    }
  });
});

describe("a reader of a diff sees what the browser compiles", () => {
  const tokens = { logits: { shape: [1024, 50_257] }, targets: { shape: [1024], dtype: "i32" } };
  const aligned = { ...tokens, logits: { shape: [1024, 32_000] } };
  const halves = { ...tokens, logits: { shape: [1024, 50_257], dtype: "f16" } };
  const images = {
    logits: { shape: [2, 21, 64, 64] },
    targets: { shape: [2, 64, 64], dtype: "i32" },
  };
  const smoothed = { labelSmoothing: 0.1, gradients: { logits: "inPlace" } };
  test.each([
    ["crossEntropy-software", "software", tokens, {}],
    ["crossEntropy-gradient", "gpu", tokens, { gradients: true }],
    ["crossEntropy-quads", "gpu", aligned, { gradients: true }],
    ["crossEntropy-f16-inPlace", "gpu", halves, smoothed],
    ["crossEntropy-images", "software", images, { classAxis: 1, gradients: true }],
  ] as const)("%s", async (file, on, shapes, options) => {
    const { passes } = await programOf(shapes, options, targets[on] as Target);
    const pass = passes.find(({ kernel }) => kernel.label.startsWith("cross-entropy"));
    if (!pass) return expect.fail("no pass over rows");
    await expect(assemble(pass.kernel)).toMatchFileSnapshot(`../modules/${file}.wgsl`);
  });
});
