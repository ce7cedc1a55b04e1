import { describe, expect, test } from "vitest";
import { type Tensor, tensor } from "../../src/index.js";
import { assemble, bindingsOf } from "../../src/module.js";
import type { Program, Target } from "../../src/plan.js";
import { validateWithNaga } from "../naga.js";
import { lossNamed } from "../oracle.js";
import { plannedProgram, target } from "../planners.js";
import { ctcProblem, normalRows, rowFunctions, rowLosses, titleOf } from "../rowProblems.js";

interface Problem {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly options: Readonly<Record<string, unknown>>;
}

function programOf(name: string, { inputs, options }: Problem, on: Target): Program {
  return plannedProgram(lossNamed(name).spec, inputs, options, on, false);
}

const sound = new Set<string>();
/** Every module once: naga accepts it, and beside the uniforms it binds at most 8 buffers. */
function expectSound(passes: Program["passes"]): void {
  for (const { kernel } of passes) {
    const text = assemble(kernel);
    if (sound.has(text)) continue;
    sound.add(text);
    validateWithNaga(text);
    expect(bindingsOf(text).length, kernel.label).toBeLessThanOrEqual(9);
  }
}

const inHalves = async (inputs: Problem["inputs"]): Promise<Problem["inputs"]> => {
  const entries = Object.entries(inputs).map(async ([name, given]) => {
    const data = await given.read();
    const half = tensor(Float32Array.from(data, Number), given.shape, { dtype: "f16" });
    return [name, given.dtype === "f32" ? half : given];
  });
  return Object.fromEntries(await Promise.all(entries));
};

const every = [...rowLosses, ...rowFunctions].map((loss) => {
  const { options } = loss.make(normalRows(2, 3, 1));
  return { ...loss, title: titleOf(loss.name, options) };
});
const targets = { "a software adapter": target({ software: true }), "a GPU": target() };

describe.each(Object.entries(targets))("modules for %s", (_, on) => {
  test.each(every)("of $title are accepted by naga and keep to 8 buffers", async (loss) => {
    for (const [rows, classes] of [
      [9, 5],
      [2, 3000],
    ] as const) {
      if (classes > 1000 && loss.name === "costMatrix") continue;
      const { inputs, options } = loss.make(normalRows(rows, classes, 1));
      for (const given of [inputs, await inHalves(inputs)]) {
        const all = { ...options, gradients: loss.wrt };
        const { passes } = programOf(loss.name, { inputs: given, options: all }, on);
        expectSound(passes);
      }
    }
  });

  test("of ctc are accepted by naga and keep to 8 buffers", () => {
    const problem = ctcProblem(5, 3, 4, 2, 1);
    const { passes } = programOf("ctc", { ...problem, options: { gradients: true } }, on);
    expectSound(passes);
  });
});

describe("problems larger than a binding", () => {
  const small = target({ maxBinding: 4096 });

  test.each(every)("of $title are cut by rows, each row once", (loss) => {
    const rows = 100;
    const { inputs, options } = loss.make(normalRows(rows, 40, 1));
    const all = { ...options, gradients: loss.wrt };
    const { passes } = programOf(loss.name, { inputs, options: all }, small);
    const over = passes.filter(({ kernel }) => kernel.label === loss.name);
    expect(over.length).toBeGreaterThan(3);
    let next = 0;
    for (const { params, bindings } of over) {
      if ("rowStart" in params) expect(params["rowStart"]).toBe(next);
      next += params["rows"] as number;
      for (const name of ["first", "gradient"]) {
        expect(bindings[name]?.bytes, name).toBeLessThanOrEqual(4096 - 256);
      }
    }
    expect(next).toBe(rows);
  });

  test("of ctc are cut by frames: forwards, then backwards", () => {
    const problem = ctcProblem(100, 4, 20, 3, 1);
    const { passes } = programOf("ctc", { ...problem, options: { gradients: true } }, small);
    const frames = (label: string) =>
      passes.flatMap(({ kernel, params }) =>
        kernel.label === label ? [[params["firstFrame"], params["frameCount"]]] : [],
      );
    const ahead = frames("ctc: forward");
    expect(ahead.length).toBeGreaterThan(3);
    expect(ahead.reduce((sum, [, count]) => sum + (count as number), 0)).toBe(100);
    expect(frames("ctc: backward")).toEqual(ahead.toReversed());
  });

  test("whose single row is larger are refused by name", () => {
    const loss = rowLosses.find(({ name }) => name === "entropy") ?? expect.fail();
    const problem = loss.make(normalRows(2, 2000, 1));
    expect(() => programOf("entropy", problem, small)).toThrow(/entropy: a row of 2000 numbers/);
  });
});
