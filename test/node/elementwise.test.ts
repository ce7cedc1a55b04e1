import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bceWithLogits,
  dpo,
  gaussianKL,
  gaussianKLFull,
  hinge,
  huber,
  klPenalty,
  type LossResult,
  logCosh,
  mae,
  marginRanking,
  mse,
  openBackend,
  quantile,
  sigmoidFocal,
  smoothL1,
  softMargin,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { differenceError, f64 } from "../differences.js";
import {
  allSubjects,
  drawn,
  kinds,
  lossOf,
  type Numbers,
  run,
  type Subject,
} from "../elementwise.js";

const backend = await openBackend({ kind: "cpu" });
const LIMIT = 1e-7;
const none = { backend, reduction: "none" } as const;

const numbers = async (made: Tensor | undefined): Promise<number[]> =>
  Array.from((await made?.read()) as Float64Array);

describe("the float64 gradient of every loss under every option equals central differences", () => {
  const SIZE = 24;

  /** 0 where a slope jumps within a step of the element: there is no derivative to compare with. */
  async function smoothMask(subject: Subject, values: Numbers): Promise<Uint8Array> {
    const names = Object.keys(values);
    const slopesAt = async (shift: number): Promise<number[][]> => {
      const moved = Object.fromEntries(
        names.map((name, at) => [
          name,
          values[name]?.map((x) => x + shift * (at + 1)) as Float32Array,
        ]),
      );
      const { gradients } = await run(subject, moved, backend, { ...none, gradients: true });
      return Promise.all(Object.values(gradients).map(numbers));
    };
    const [ahead, behind] = [await slopesAt(1e-3), await slopesAt(-1e-3)];
    const jumps = (at: number): boolean =>
      ahead.some((slopes, input) => {
        const [a, b] = [slopes[at] as number, behind[input]?.[at] as number];
        return Math.abs(a - b) > 0.05 * (1 + Math.abs(a));
      });
    return Uint8Array.from({ length: SIZE }, (_, at) => (jumps(at) ? 0 : 1));
  }

  test.each(allSubjects)("$title", async (subject) => {
    const values = drawn(subject, SIZE, 11);
    const mask = await smoothMask(subject, values);
    expect(mask.reduce((sum, m) => sum + m, 0)).toBeGreaterThan(SIZE / 2);
    const wide = Object.fromEntries(
      Object.entries(values).map(([name, data]) => [name, f64(data, [SIZE])]),
    );
    const split = Object.entries(wide);
    const inputs = Object.fromEntries(split.filter(([name]) => name in subject.inputs));
    const tensors = Object.fromEntries(split.filter(([name]) => !(name in subject.inputs)));
    const { gradients } = await run(subject, values, backend, { ...none, gradients: true });
    expect(Object.keys(gradients)).not.toEqual([]);
    const sampleWeight = tensor(Float32Array.from({ length: SIZE }, (_, at) => 0.5 + at / SIZE));
    const options = {
      ...{ ...subject.options, ...tensors },
      ...{ reduction: "weightedMean", mask, sampleWeight },
    };
    for (const name of Object.keys(gradients)) {
      const error = await differenceError(lossOf(subject), backend, name, { inputs, options });
      expect(error, name).toBeLessThanOrEqual(LIMIT);
    }
  });

  test("full covariances, every input", async () => {
    const matrices = [2, 0.5, 0.25, 1, 1.5, -0.5, 0, 3];
    const inputs = {
      means: f64([0.5, -1, 2, 0.25], [2, 2]),
      covariances: f64(matrices, [2, 2, 2]),
      priorMeans: f64([0, 1, 1, -0.5], [2, 2]),
      priorCovariances: f64([...matrices].reverse(), [2, 2, 2]),
    };
    for (const name of Object.keys(inputs)) {
      const error = await differenceError(gaussianKLFull, backend, name, { inputs, options: {} });
      expect(error, name).toBeLessThanOrEqual(LIMIT);
    }
  });
});

describe("properties that hold for all numbers", () => {
  const real = fc.float({ min: -1e4, max: 1e4, noNaN: true });
  const reals = fc.array(fc.tuple(real, real), { minLength: 1, maxLength: 20 });
  const split = (pairs: readonly (readonly [number, number])[]) =>
    [pairs.map(([a]) => a), pairs.map(([, b]) => b)] as const;
  const check = (property: (pairs: readonly (readonly [number, number])[]) => Promise<void>) =>
    fc.assert(fc.asyncProperty(reals, property), { numRuns: 50, seed: 3 });
  type Pair = (a: unknown, b: unknown, options: object) => Promise<LossResult>;
  const residual = { mse, mae, huber, smoothL1, logCosh } as unknown as Record<string, Pair>;

  test.each(Object.entries(residual))(
    "%s is symmetric, never negative, and 0 only at equality",
    (_, loss) =>
      check(async (pairs) => {
        const [a, b] = split(pairs);
        const there = await numbers((await loss(a, b, none)).loss);
        const back = await numbers((await loss(b, a, none)).loss);
        expect(there).toEqual(back);
        for (const [at, value] of there.entries()) {
          expect(value).toBeGreaterThanOrEqual(0);
          if (value === 0)
            expect(Math.abs((a[at] as number) - (b[at] as number))).toBeLessThan(1e-150);
        }
      }),
  );

  test.each(Object.entries(residual))(
    "%s does not change when both sides are shifted alike",
    (_, loss) =>
      check(async (pairs) => {
        const [a, b] = split(pairs.map(([x, y]) => [Math.round(x), Math.round(y)] as const));
        const here = await numbers((await loss(a, b, none)).loss);
        const moved = (x: readonly number[]) => x.map((value) => value + 4096);
        expect(await numbers((await loss(moved(a), moved(b), none)).loss)).toEqual(here);
      }),
  );

  test.each(Object.entries(residual))("%s pulls both sides with opposite gradients", (_, loss) =>
    check(async (pairs) => {
      const [a, b] = split(pairs);
      const { gradients } = await loss(a, b, { backend, gradients: true });
      const pulls = await numbers(gradients.predictions);
      expect((await numbers(gradients.targets)).map((g) => 0 - g)).toEqual(pulls.map((g) => g + 0));
    }),
  );

  test("huber of delta is delta times smoothL1 of beta = delta", () =>
    check(async (pairs) => {
      const [a, b] = split(pairs);
      const left = await numbers((await huber(a, b, { ...none, delta: 0.5 })).loss);
      const right = await numbers((await smoothL1(a, b, { ...none, beta: 0.5 })).loss);
      for (const [at, value] of left.entries())
        expect(value).toBeCloseTo(0.5 * (right[at] as number), 9);
    }));

  test("quantiles of tau and 1 - tau are mirror images, and half of them is the absolute error", () =>
    check(async (pairs) => {
      const [a, b] = split(pairs);
      const low = await numbers((await quantile(a, b, { ...none, tau: 0.25 })).loss);
      const high = await numbers((await quantile(b, a, { ...none, tau: 0.75 })).loss);
      expect(low).toEqual(high);
      const middle = await numbers((await quantile(a, b, none)).loss);
      expect(middle.map((x) => 2 * x)).toEqual(await numbers((await mae(a, b, none)).loss));
    }));

  test("binary losses do not change when class and sign are exchanged", () =>
    check(async (pairs) => {
      const [z] = split(pairs);
      const y = pairs.map((_, at) => (at % 3) / 2);
      const flipped = [z.map((x) => -x), y.map((x) => 1 - x)] as const;
      for (const loss of [
        bceWithLogits,
        (a: unknown, b: unknown, o: object) =>
          sigmoidFocal(a as number[], b as number[], { ...o, alpha: 0.5 }),
      ] as Pair[]) {
        const here = await numbers((await loss(z, y, none)).loss);
        const there = await numbers((await loss(...flipped, none)).loss);
        expect(there).toEqual(here);
        expect(Math.min(...here)).toBeGreaterThanOrEqual(0);
      }
    }));

  test("focal without alpha and gamma is binary cross-entropy, and never more", () =>
    check(async (pairs) => {
      const [z] = split(pairs);
      const y = pairs.map((_, at) => (at % 3) / 2);
      const plain = await numbers((await bceWithLogits(z, y, none)).loss);
      const same = await numbers(
        (await sigmoidFocal(z, y, { ...none, alpha: null, gamma: 0 })).loss,
      );
      const less = await numbers(
        (await sigmoidFocal(z, y, { ...none, alpha: null, gamma: 0.5 })).loss,
      );
      for (const [at, value] of plain.entries()) {
        expect(same[at]).toBeCloseTo(value, 9);
        expect(less[at]).toBeLessThanOrEqual(value * (1 + 1e-12));
      }
    }));

  test("the logistic loss of a margin is binary cross-entropy of the score", () =>
    check(async (pairs) => {
      const [s] = split(pairs);
      const signs = pairs.map((_, at) => (at % 2 === 0 ? 1 : -1));
      const soft = await numbers((await softMargin(s, signs, none)).loss);
      expect(soft).toEqual(
        await numbers(
          (
            await bceWithLogits(
              s,
              signs.map((y) => (y + 1) / 2),
              none,
            )
          ).loss,
        ),
      );
    }));

  test("ranking depends on the difference of the scores alone, and hinge is its special case", () =>
    check(async (pairs) => {
      const [a] = split(pairs);
      const signs = pairs.map((_, at) => (at % 2 === 0 ? 1 : -1));
      const zero = a.map(() => 0);
      const ranked = await numbers(
        (await marginRanking(a, zero, signs, { ...none, margin: 1 })).loss,
      );
      expect(ranked).toEqual(await numbers((await hinge(a, signs, none)).loss));
    }));

  test("divergences are never negative", () =>
    check(async (pairs) => {
      const [a, b] = split(pairs.map(([x, y]) => [x / 1e3, y / 1e3] as const));
      const gaussian = await numbers((await gaussianKL(a, b, none)).loss);
      const k3 = await numbers((await klPenalty(a, b, { ...none, estimator: "k3" })).loss);
      const k2 = await numbers((await klPenalty(a, b, { ...none, estimator: "k2" })).loss);
      for (const value of [...gaussian, ...k3, ...k2]) expect(value).toBeGreaterThanOrEqual(0);
    }));

  test("DPO falls as the chosen answer gains on the rejected one, and its four gradients sum to 0", () =>
    check(async (pairs) => {
      const [a, b] = split(pairs);
      const zero = a.map(() => 0);
      const options = { ...none, gradients: true } as const;
      const here = await dpo(a, b, zero, zero, options);
      const ahead = await dpo(
        a.map((x) => x + 1),
        b,
        zero,
        zero,
        options,
      );
      const [before, after] = [await numbers(here.loss), await numbers(ahead.loss)];
      for (const [at, value] of before.entries()) expect(after[at]).toBeLessThanOrEqual(value);
      const parts = await Promise.all(Object.values(here.gradients).map(numbers));
      for (const at of a.keys()) {
        expect(parts.reduce((sum, part) => sum + (part[at] as number), 0)).toBeCloseTo(0, 12);
      }
    }));
});

test("every kind of number that the tests draw lies where its losses are defined", () => {
  for (const { extremes } of Object.values(kinds))
    expect(extremes.every(Number.isFinite)).toBe(true);
});
