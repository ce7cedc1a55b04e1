import { describe, expect, test } from "vitest";
import { gaussianKLFull, openBackend, reduce, type Tensor, tensor } from "../../src/index.js";
import { differenceError, f64 } from "../differences.js";
import { fill, randomFrom } from "../random.js";
import { lossOf, type Problem, problemsOf, small, solve } from "../sampleProblems.js";

const LIMIT = 1e-7;
const backend = await openBackend({ kind: "cpu" });

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

/** Each problem plain, masked, weighted and with an upstream factor, each time with the next reduction. */
const cases = problemsOf(small, 1)
  // The weight of ciou's shape term is a constant in its gradient: differences would see it move.
  .filter(({ title }) => title !== "ciou")
  .flatMap((problem, turn) => {
    const { lossShape, reduces, options } = problem;
    const size = lossShape?.reduce((product, extent) => product * extent, 1) ?? 0;
    const random = randomFrom(turn);
    const mask =
      lossShape &&
      tensor(Uint8Array.from(fill(size, (at) => (at % 3 === 1 ? 0 : 1))), [...lossShape]);
    const soft =
      lossShape &&
      tensor(Float32Array.from(fill(size, (at) => (at % 3 === 1 ? 0 : 0.5 + random()))), [
        ...lossShape,
      ]);
    const sets = {
      plain: {},
      ...(lossShape ? { masked: { mask }, "softly masked": { mask: soft } } : {}),
      ...(lossShape && problem.name !== "reduce" ? { weighted: { sampleWeight: soft } } : {}),
    };
    return Object.entries(sets).flatMap(([word, more], at) => {
      const count = reduces ? 3 : 1;
      return Array.from({ length: count }, (_, k) => {
        const reduction = reductions[(turn + 3 * at + 4 * k) % reductions.length];
        const all = { ...options, ...more, ...(reduces ? { reduction } : {}) };
        const named = typeof reduction === "string" ? reduction : "a denominator";
        return {
          title: `${problem.title}, ${word}${reduces ? `, ${named}` : ""}`,
          problem: { ...problem, options: all },
        };
      });
    });
  });

/** The tensors that are moved must hold their steps exactly. */
async function doubled(named: Readonly<Record<string, unknown>>, wrt: readonly string[]) {
  const entries = Object.entries(named).map(async ([name, given]) => {
    if (!wrt.includes(name)) return [name, given] as const;
    const { shape } = given as Tensor;
    return [name, f64((await (given as Tensor).read()) as Float32Array, shape)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

describe("the float64 gradients equal central differences", () => {
  test.each(cases)("$title", async ({ problem: { name, wrt, ...given } }) => {
    const inputs = await doubled(given.inputs, wrt);
    const options = await doubled(given.options, wrt);
    for (const input of wrt) {
      const at = { inputs, options };
      const error = await differenceError(lossOf(name) as never, backend, input, at);
      expect(error, input).toBeLessThan(LIMIT);
    }
  });
});

const numbers = async (given: Tensor | undefined): Promise<number[]> =>
  Array.from((await given?.read()) as Float64Array);

describe("what takes no part is never read", () => {
  const masked = problemsOf(small, 2).filter(({ lossShape }) => lossShape?.length === 1);

  test.each(masked)(
    "$title: a sample of NaN under the mask has value 0 and gradient 0",
    async (problem) => {
      const { inputs, wrt } = problem;
      const clean = await solve(problem, {
        gradients: wrt,
        reduction: "sum",
        mask: maskOf(problem),
        backend,
      });
      const spoiled = Object.fromEntries(
        await Promise.all(
          Object.entries(inputs).map(async ([name, given]) => {
            const data = Float32Array.from((await given.read()) as Float32Array);
            const length = data.length / small.samples;
            return [name, tensor(data.fill(Number.NaN, length, 2 * length), given.shape)] as const;
          }),
        ),
      );
      const options = { gradients: wrt, reduction: "sum", mask: maskOf(problem), backend };
      const dirty = await solve({ ...problem, inputs: spoiled }, options);
      expect(await dirty.loss.item()).toBe(await clean.loss.item());
      for (const name of wrt) {
        const gradient = await numbers(dirty.gradients[name]);
        const length = gradient.length / small.samples;
        expect(gradient).toEqual(await numbers(clean.gradients[name]));
        expect(gradient.slice(length, 2 * length)).toEqual(new Array(length).fill(0));
      }
    },
  );

  function maskOf({ lossShape }: Problem): Tensor {
    return tensor(Uint8Array.of(1, 0, 1, 1), [...(lossShape ?? [])]);
  }
});

describe("a number that is not finite", () => {
  const perSample = problemsOf(small, 3).filter(({ lossShape }) => lossShape?.length === 1);

  test.each(perSample)(
    "$title: makes its own sample NaN and leaves the others",
    async (problem) => {
      const { inputs, wrt } = problem;
      for (const poison of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const [first = ""] = wrt;
        const given = inputs[first] as Tensor;
        const data = Float32Array.from((await given.read()) as Float32Array);
        data[0] = poison;
        const spoiled = { ...inputs, [first]: tensor(data, given.shape) };
        const options = { reduction: "none", gradients: wrt, backend };
        const clean = await solve(problem, options);
        const dirty = await solve({ ...problem, inputs: spoiled }, options);
        const [own, ...others] = await numbers(dirty.loss);
        expect(own).toBeNaN();
        expect(others).toEqual((await numbers(clean.loss)).slice(1));
        expect((await numbers(dirty.gradients[first]))[0]).toBeNaN();
      }
    },
  );
});

// Found from outside: products of float32 losses and their weights were rounded to float32, 1e-8 off.
test("weights on float32 losses are multiplied in float64", async () => {
  const losses = Float32Array.of(0.1, 0.2, 0.3);
  const weights = Float32Array.of(0.7, 1.1, 1.3);
  const { loss } = await reduce(losses, { weights, reduction: "none", backend });
  expect(await numbers(loss)).toEqual([...losses].map((x, at) => x * (weights[at] as number)));
});

// Its documentation says (…, d); more axes than one before the last were refused.
test("full covariances may have any axes before theirs, or none", async () => {
  const unit = [
    [1, 0],
    [0, 1],
  ];
  const means = [[[1, 2]], [[0, 2]]];
  const zeros = [[[0, 0]], [[0, 0]]];
  const units = [[unit], [unit]];
  const options = { reduction: "none", gradients: true, backend } as const;
  const { loss, gradients } = await gaussianKLFull(means, units, zeros, units, options);
  expect([loss.shape, await numbers(loss)]).toEqual([
    [2, 1],
    [2.5, 2],
  ]);
  expect(gradients.covariances.shape).toEqual([2, 1, 2, 2]);
  const alone = await gaussianKLFull([1, 2], unit, [0, 0], unit, options);
  expect([alone.loss.shape, await numbers(alone.loss)]).toEqual([[], [2.5]]);
});
