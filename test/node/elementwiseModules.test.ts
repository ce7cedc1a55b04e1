import { describe, expect, test } from "vitest";
import type { LossSpec } from "../../src/index.js";
import * as library from "../../src/index.js";
import { assemble, bindingsOf, paramBytes } from "../../src/module.js";
import type { Pass, Program, Target } from "../../src/plan.js";
import { allSubjects, type Subject } from "../elementwise.js";
import { validateWithNaga } from "../naga.js";
import { plannedProgram } from "../planners.js";
import { bindingsSeen, readable, reflect, workgroupBytes } from "../reflection.js";
import { targets } from "../variants.js";

type Shape = { readonly shape: readonly number[]; readonly dtype?: string };
type Shapes = Readonly<Record<string, Shape>>;
const gpu = targets["gpu"] as Target;

function programOf(name: string, shapes: Shapes, options: object, on = gpu): Program {
  const { spec } = (library as unknown as Record<string, { spec: LossSpec }>)[name] as {
    spec: LossSpec;
  };
  return plannedProgram(spec, shapes, options, on, true);
}

const shapesOf = ({ inputs, tensors }: Subject, shape: readonly number[], dtype = "f32"): Shapes =>
  Object.fromEntries(
    Object.keys({ ...inputs, ...tensors }).map((name) => [name, { shape, dtype }]),
  );

const sound = new Set<string>();
/** Every module once: naga takes it, the host's view of it is the compiler's, and default limits suffice. */
function expectSound({ kernel, bindings, params }: Pass): void {
  const text = assemble(kernel);
  const names = bindingsOf(text).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(Object.keys(bindings)));
  expect(Object.keys(bindings).length).toBe(names.length - 1);
  const filled = (name: string): boolean =>
    name === "gridWidth" || name in params || names.includes(name.replace(/Start$/, ""));
  expect(Object.keys(kernel.params).filter((name) => !filled(name))).toEqual([]);
  if (sound.has(text)) return;
  sound.add(text);
  validateWithNaga(text);
  expect(names.length, "storage buffers").toBeLessThanOrEqual(9);
  const reflection = reflect(text);
  const struct = reflection.structs.find(({ name }) => name === "Params");
  expect(struct?.members.map(({ name }) => name)).toEqual(Object.keys(kernel.params).map(readable));
  expect(struct?.size).toBe(paramBytes(kernel));
  expect(bindingsSeen(reflection)).toEqual(bindingsOf(text).sort((a, b) => a.index - b.index));
  expect(workgroupBytes(text, reflection, kernel.constants)).toBeLessThanOrEqual(16_384);
}

const own = ({ passes }: Program): readonly Pass[] =>
  passes.filter(({ kernel }) => !["reduce", "settle"].includes(kernel.label));

describe("every module of the family is sound", () => {
  const shape = [6, 10];
  const all: Shapes = {
    mask: { shape, dtype: "u32" },
    sampleWeight: { shape },
    upstream: { shape },
  };
  test.each(allSubjects)("$title", (subject) => {
    const plain = shapesOf(subject, shape);
    const half = shapesOf(subject, shape, "f16");
    for (const [shapes, options] of [
      [plain, {}],
      [plain, { reduction: "none", gradients: true }],
      [
        { ...half, ...all },
        { reduction: "sequenceMean", gradients: true },
      ],
    ] as const) {
      own(programOf(subject.name, shapes, { ...subject.options, ...options }, gpu)).forEach(
        expectSound,
      );
    }
  });

  test("stretched inputs, integers, and gradients over inputs of every format", () => {
    const calls = [
      [
        { predictions: { shape: [7, 90] }, targets: { shape: [90] } },
        { broadcast: true, gradients: true },
      ],
      [
        { predictions: { shape: [7, 90] }, targets: { shape: [7, 1] } },
        { broadcast: true, gradients: true },
      ],
      [
        { predictions: { shape: [7, 9] }, targets: { shape: [7, 9], dtype: "i64" } },
        { gradients: true },
      ],
      ...["f32", "f16", "bf16"].map(
        (dtype) =>
          [
            { predictions: { shape, dtype }, targets: { shape, dtype } },
            { gradients: { predictions: "inPlace", targets: "inPlace" } },
          ] as const,
      ),
    ] as const;
    for (const [shapes, options] of calls) {
      for (const on of Object.values(targets))
        own(programOf("mse", shapes, options, on)).forEach(expectSound);
    }
  });
});

describe("a plan does no more than it must", () => {
  const pair = (shape: readonly number[]): Shapes => ({
    predictions: { shape },
    targets: { shape },
  });
  const labels = (program: Program): string[] => program.passes.map(({ kernel }) => kernel.label);

  test.each([
    "none",
    "sum",
    "mean",
    "meanCount",
    "weightedMean",
    "tokenMean",
    "sequenceMean",
    "batchMean",
    { denominator: 3 },
  ])(
    "reduction %o of unmasked losses and their gradients is one pass and the sum of its blocks",
    (reduction) => {
      const program = programOf("mse", pair([300, 100]), { reduction, gradients: true });
      expect(labels(program)).toEqual(["mse", "reduce"]);
    },
  );

  test("masks and weights are read once before it, where the denominator depends on them", () => {
    const shapes = { ...pair([300, 100]), mask: { shape: [300, 100], dtype: "u32" } };
    expect(labels(programOf("mse", shapes, {}))).toEqual(["tally", "settle", "mse", "reduce"]);
    expect(labels(programOf("mse", shapes, { reduction: "sum" }))).toEqual(["mse", "reduce"]);
  });

  test("a mean over a hundred million elements takes less than a megabyte beside them", () => {
    const size = 1e8;
    const shapes = { ...pair([size]), mask: { shape: [size], dtype: "u32" } };
    for (const reduction of ["mean", "sum", "meanCount"]) {
      const { buffers } = programOf("huber", shapes, { reduction });
      const bytes = Object.values(buffers).reduce((sum, one) => sum + one, 0);
      expect(bytes).toBeLessThan(1e6);
    }
  });

  test("with gradients it takes these, and nothing of their size beside them", () => {
    const size = 1e7;
    const { buffers } = programOf("huber", pair([size]), { gradients: ["predictions"] });
    const bytes = Object.values(buffers).reduce((sum, one) => sum + one, 0);
    expect(bytes - 4 * size).toBeLessThan(1e5);
  });

  test("every element is visited once, whatever the binding", () => {
    for (const maxBinding of [2 ** 15, 2 ** 20, 2 ** 27]) {
      const on = { ...gpu, maxBinding };
      const program = programOf("mse", pair([123_457]), { gradients: true }, on);
      let next = 0;
      for (const { params, bindings } of own(program)) {
        expect(params["first"]).toBe(next);
        for (const [name, { bytes, offset }] of Object.entries(bindings)) {
          expect(bytes + on.alignment, name).toBeLessThanOrEqual(maxBinding);
          if (name !== "sums") expect(offset % on.alignment, name).toBe(0);
        }
        next += params["count"] as number;
      }
      expect(next).toBe(123_457);
    }
  });

  test("an option that the hook does not read makes no second module", () => {
    const shapes = { logits: { shape: [9] }, targets: { shape: [9] } };
    const text = (options: object): string =>
      assemble((programOf("bceWithLogits", shapes, options).passes[0] as Pass).kernel);
    expect(text({ checkLogits: false, posWeight: 3, labelSmoothing: 0.1 })).toBe(text({}));
  });

  test("a stretched input that no binding holds is refused", () => {
    const shapes = { predictions: { shape: [2, 9000] }, targets: { shape: [9000] } };
    const on = { ...gpu, maxBinding: 2 ** 15 };
    expect(() => programOf("mse", shapes, { broadcast: true }, on)).toThrow(
      /mse: targets is stretched and has 36000 bytes, expected at most 32768/,
    );
  });
});

describe("what the browser compiles is shown in a file", () => {
  const shape = [4, 6];
  const shown = [
    ["huber", "huber", { predictions: { shape }, targets: { shape } }, { gradients: true }],
    [
      "bceWithLogits-f16-inPlace",
      "bceWithLogits",
      { logits: { shape, dtype: "f16" }, targets: { shape, dtype: "u32" }, mask: { shape } },
      { gradients: { logits: "inPlace" }, reduction: "none" },
    ],
    [
      "quantile-list",
      "quantile",
      { predictions: { shape: [4, 3] }, targets: { shape: [4] }, tau: { shape: [3] } },
      { gradients: ["targets"] },
    ],
  ] as const;
  test.each(shown)("%s", async (file, name, shapes, options) => {
    const [first] = programOf(name, shapes as Shapes, options).passes;
    await expect(assemble((first as Pass).kernel)).toMatchFileSnapshot(`../modules/${file}.wgsl`);
  });
});
