import { describe, expect, test } from "vitest";
import { ctc, openBackend, type Tensor, tensor } from "../../src/index.js";
import { type Differentiable, differenceError, f64 } from "../differences.js";
import { fill, normalFrom, randomFrom } from "../random.js";
import {
  ctcProblem,
  normalRows,
  rowFunctionNamed,
  rowFunctions,
  rowLosses,
  titleOf,
} from "../rowProblems.js";

const LIMIT = 1e-7;
const backend = await openBackend({ kind: "cpu" });
const ROWS = 4;
const CLASSES = 5;

const reductions = [
  "none",
  "sum",
  "mean",
  "meanCount",
  "weightedMean",
  "tokenMean",
  "sequenceMean",
  "batchMean",
  { denominator: 3.5 },
] as const;
const random = randomFrom(5);
const common = {
  mask: tensor(Float32Array.of(1, 0, 0.5, 1), [ROWS]),
  sampleWeight: f64(
    fill(ROWS, () => 0.5 + random()),
    [ROWS],
  ),
};

/** The same numbers in float64, so that a step of a difference is not rounded away. */
async function widened(inputs: Readonly<Record<string, Tensor>>) {
  const entries = Object.entries(inputs).map(async ([name, given]) => {
    const isFloat = given.dtype === "f32";
    return [name, isFloat ? f64((await given.read()) as Float32Array, given.shape) : given];
  });
  return Object.fromEntries(await Promise.all(entries)) as Record<string, Tensor>;
}

const points = rowLosses.flatMap((loss, at) =>
  loss.settings.flatMap((setting, turn) =>
    loss.wrt.map((name, which) => {
      // Every reduction comes up many times, with and without mask and weights.
      const count = 7 * at + 3 * turn + which;
      const reduction = reductions[count % reductions.length];
      const { options } = loss.make(normalRows(ROWS, CLASSES, 40 + at, 1));
      const title = titleOf(loss.name, options, setting, { reduction });
      return { title, name, loss, setting: { ...setting, reduction }, count, at };
    }),
  ),
);

describe("the float64 gradient equals central differences of the values", () => {
  test.each(points)("$title, to $name", async ({ loss, name, setting, count, at }) => {
    const problem = loss.make(normalRows(ROWS, CLASSES, 40 + at, 1));
    const options = { ...problem.options, ...setting, ...(count % 2 ? common : {}) };
    const inputs = await widened(problem.inputs);
    const error = differenceError(rowFunctionNamed(loss.name), backend, name, { inputs, options });
    expect(await error).toBeLessThan(LIMIT);
  });

  test.each(rowFunctions)("$name, with a factor on every number", async ({ name, make }) => {
    const inputs = await widened(make(normalRows(ROWS, CLASSES, 3)).inputs);
    const size = name === "logSumExp" ? ROWS : ROWS * CLASSES;
    const factor = fill(size, normalFrom(9));
    const shape = name === "logSumExp" ? [ROWS] : [ROWS, CLASSES];
    const point: Differentiable = {
      inputs,
      options: { upstream: f64(factor, shape) },
      valueOptions: {},
      factor,
    };
    expect(await differenceError(rowFunctionNamed(name), backend, "logits", point)).toBeLessThan(
      LIMIT,
    );
  });

  test.each(reductions)(
    "ctc of sequences of different lengths, reduction %o",
    async (reduction) => {
      const { inputs, options } = ctcProblem(7, 3, 4, 3, 2);
      const point = { inputs: await widened(inputs), options: { ...options, reduction } };
      expect(await differenceError(ctc as never, backend, "logProbs", point)).toBeLessThan(LIMIT);
    },
  );

  test("ctc with another blank and a label that follows itself", async () => {
    const { inputs } = ctcProblem(9, 2, 4, 3, 3);
    const targets = tensor(Int32Array.of(1, 1, 2, 0, 1, 0), [2, 3]);
    const point = { inputs: { ...(await widened(inputs)), targets }, options: { blank: 3 } };
    expect(await differenceError(ctc as never, backend, "logProbs", point)).toBeLessThan(LIMIT);
  });
});

describe("worked cases of the specs", () => {
  const names = new Set([...rowLosses, ...rowFunctions].map(({ name }) => name));
  test.each([...names, "ctc"])("%s", async (name) => {
    const loss = rowFunctionNamed(name);
    const { cases } = (await import("../oracle.js")).lossNamed(name).spec;
    expect(cases.length).toBeGreaterThan(0);
    for (const { args, options = {}, loss: expected } of cases) {
      const result = await loss(...([...args, { ...options, backend }] as never[]));
      const numbers = [...((await result.loss.read()) as Float64Array)];
      const wanted = typeof expected === "number" ? [expected] : [...expected];
      expect(numbers).toHaveLength(wanted.length);
      for (const [at, want] of wanted.entries()) {
        expect(Math.abs((numbers[at] as number) - want)).toBeLessThan(
          1e-9 * Math.abs(want) + 1e-12,
        );
      }
    }
  });
});
