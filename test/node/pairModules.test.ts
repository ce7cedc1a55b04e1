import { describe, expect, test } from "vitest";
import type { Tensor } from "../../src/index.js";
import { assemble, bindingsOf } from "../../src/module.js";
import type { Pass, Program, Range, Target } from "../../src/plan.js";
import { validateWithNaga } from "../naga.js";
import { lossNamed } from "../oracle.js";
import { matrices, pairLosses, vectorsOf } from "../pairProblems.js";
import { plannedProgram, target } from "../planners.js";

type Named = Readonly<Record<string, unknown>>;
const every = [...pairLosses, ...matrices];

/** What the planner makes of a call; of a shape alone where no numbers are needed. */
function programOf(
  loss: string,
  inputs: Named,
  options: Named,
  on: Target,
  planned = false,
): Program {
  return plannedProgram(lossNamed(loss).spec, inputs, options, on, planned);
}

const sound = new Set<string>();
/** Every module once: naga accepts it, and beside the uniforms it binds at most 8 buffers. */
function expectSound(passes: readonly Pass[]): void {
  for (const { kernel } of passes) {
    const text = assemble(kernel);
    if (sound.has(text)) continue;
    sound.add(text);
    validateWithNaga(text);
    expect(bindingsOf(text).length, kernel.label).toBeLessThanOrEqual(9);
  }
}

const devices = { "a software adapter": target({ software: true }), "a GPU": target() };

describe.each(Object.entries(devices))("modules for %s", (_, on) => {
  test.each(every)("of $title are accepted by naga and keep to 8 buffers", ({ make }) => {
    for (const [rows, depth] of [
      [6, 3],
      [70, 40],
    ] as const) {
      const { loss, inputs, options, wrt } = make(vectorsOf(rows, depth, 1));
      for (const gradients of [[], wrt]) {
        expectSound(programOf(loss, inputs, { ...options, gradients }, on).passes);
      }
    }
  });
});

test("naga accepts products whose lanes share what they read, once the directive that it does not know is gone", () => {
  const on = target({ software: true, features: new Set(["subgroups"]) });
  const texts = new Set<string>();
  for (const { make } of every) {
    const { loss, inputs, options, wrt } = make(vectorsOf(70, 40, 1));
    const { passes } = programOf(loss, inputs, { ...options, gradients: wrt }, on);
    for (const { kernel } of passes) texts.add(assemble(kernel));
  }
  const sharing = [...texts].filter((text) => text.includes("quadSwapDiagonal"));
  // Similarities and distances, and what gradients each has of rows and of columns.
  expect(sharing.length).toBeGreaterThanOrEqual(6);
  for (const text of sharing) validateWithNaga(text.replace("enable subgroups;", ""));
});

/** Ranges that, from the aligned address before them, are larger than a binding may be. */
function tooLarge({ passes }: Program, inputs: Named, { maxBinding, alignment }: Target): string[] {
  return passes.flatMap(({ kernel, bindings }) =>
    Object.entries(bindings).flatMap(([name, { buffer, offset, bytes, unit }]) => {
      const ahead = buffer in inputs ? alignment - unit : offset % alignment;
      return bytes + ahead > maxBinding ? [`${kernel.label}: ${name} takes ${bytes + ahead}`] : [];
    }),
  );
}

/** Scratch that a kernel addresses as whole blocks begins where a binding can; a second view shares the first one's start. */
const misaligned = ({ passes }: Program, { alignment }: Target): string[] =>
  passes.flatMap(({ kernel, bindings }) => {
    const started = Object.keys(bindings).filter((name) => `${name}Start` in kernel.params);
    const isGiven = ({ buffer, offset }: Range): boolean =>
      started.some((name) => bindings[name]?.buffer === buffer && bindings[name].offset === offset);
    return Object.entries(bindings)
      .filter(([, range]) => range.offset % alignment !== 0 && !isGiven(range))
      .map(([name, { offset }]) => `${kernel.label}: ${name} at ${offset}`);
  });

describe("a plan binds no more than the device allows", () => {
  test.each(every)("$title", ({ make }) => {
    for (const software of [true, false]) {
      for (const [maxBinding, rows, depth] of [
        [2 ** 16, 300, 40],
        [2 ** 15, 129, 100],
      ] as const) {
        const on = target({ software, maxBinding });
        const { loss, inputs, options, wrt } = make(
          vectorsOf(rows, depth, 2, { columns: rows + 9 }),
        );
        for (const gradients of [wrt, { [wrt[0] as string]: "inPlace" }]) {
          const program = programOf(loss, inputs, { ...options, gradients }, on);
          expect(tooLarge(program, inputs, on)).toEqual([]);
          expect(misaligned(program, on)).toEqual([]);
        }
      }
    }
  });

  test("100 000 images against 100 000 texts with 128 MiB a binding", () => {
    const on = target();
    const inputs = { images: [100_000, 768], texts: [100_000, 768] };
    const program = programOf("clip", inputs, { gradients: true }, on, true);
    expect(tooLarge(program, inputs, on)).toEqual([]);
    expect(program.buffers["similarities"]).toBeLessThanOrEqual(2 ** 27);
  });
});

describe("the tiles of a product", () => {
  const products = ({ passes }: Program, label: string): Pass[] =>
    passes.filter(({ kernel }) => kernel.label === label);

  test("cover every block once, whatever the binding and the device", () => {
    for (const software of [true, false]) {
      for (const maxBinding of [2 ** 15, 2 ** 17, 2 ** 27]) {
        const inputs = { a: [300, 64], b: [210, 64] };
        const on = target({ software, maxBinding });
        const program = programOf("similarityMatrix", inputs, {}, on, true);
        let blocks = 0;
        for (const { params } of products(program, "similarities")) {
          if (params["firstTile"] !== 0) continue;
          blocks += (params["rowBlocks"] as number) * (params["columnBlocks"] as number);
        }
        expect(blocks).toBe(75 * 53);
      }
    }
  });

  test("are handed out without a gap, however many passes they take", () => {
    const inputs = { a: [4096, 512], b: [4096, 512] };
    const program = programOf("similarityMatrix", inputs, {}, target({ software: true }), true);
    const passes = products(program, "similarities");
    expect(passes.length).toBeGreaterThan(10);
    let next = 0;
    for (const { params } of passes) {
      expect(params["firstTile"]).toBe(next);
      next = params["tiles"] as number;
    }
    expect(next).toBe((4096 / 64) * (4096 / 32));
  });

  test("one product brings the gradients of a set against itself, two those of two sets", () => {
    const count = (loss: string, inputs: Named): number => {
      const { passes } = programOf(loss, inputs, { gradients: true }, target(), true);
      return passes.filter(({ kernel }) => kernel.label.startsWith("gradient of ")).length;
    };
    const names = ["gradient of rows", "gradient of columns"];
    expect(names).toHaveLength(2);
    // The last pass of each input carries gradients from blocks to the caller's rows.
    expect(count("ntXent", { a: [32, 8], b: [32, 8] })).toBe(1 + 2);
    expect(count("clip", { images: [32, 8], texts: [32, 8] })).toBe(2 + 2);
  });
});

test("a batch of matrices is made in one go where it fits", () => {
  const inputs = { a: [12, 50, 16], b: [12, 40, 16] };
  const labels = (on: Target): number =>
    programOf("similarityMatrix", inputs, { gradients: true }, on, true).passes.length;
  const whole = labels(target());
  expect(whole).toBeLessThan(16);
  expect(labels(target({ maxBinding: 2 ** 15 }))).toBeGreaterThan(whole);
});

test("a loss without gradients makes similarities once and nothing back", () => {
  const { inputs, options, loss } = (pairLosses[0] as (typeof pairLosses)[0]).make(
    vectorsOf(64, 16, 3),
  );
  const labels = programOf(loss, inputs as Record<string, Tensor>, options, target()).passes.map(
    ({ kernel }) => kernel.label,
  );
  expect(labels.filter((label) => label === "similarities")).toHaveLength(1);
  expect(labels.filter((label) => label.startsWith("gradient"))).toEqual([]);
});
