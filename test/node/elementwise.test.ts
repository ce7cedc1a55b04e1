import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import {
  bce,
  bceWithLogits,
  dpo,
  gan,
  gaussianKL,
  gaussianKLFull,
  hinge,
  huber,
  klPenalty,
  type LossResult,
  logCosh,
  mae,
  mape,
  marginRanking,
  mse,
  msle,
  openBackend,
  quantile,
  sigmoidFocal,
  smoothL1,
  softMargin,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { forgetWarnings } from "../../src/warn.js";
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

describe("what is not finite has one answer", () => {
  const inf = Number.POSITIVE_INFINITY;
  const nan = Number.NaN;
  // Probabilities and variances that are NaN are refused by the host.
  const isJudged = ({ name, options }: Subject, input: string): boolean =>
    name === "bce" || (input === "variances" && !options.parameter);
  const poisoned = allSubjects.filter(({ tensors }) => Object.keys(tensors).length === 0);

  test.each(poisoned)("$title: NaN in any input gives NaN", async (subject) => {
    for (const name of Object.keys(subject.inputs)) {
      if (isJudged(subject, name)) continue;
      const values = { ...drawn(subject, 2), [name]: Float32Array.of(nan, nan) };
      const { loss, gradients } = await run(subject, values, backend, { ...none, gradients: true });
      expect(await numbers(loss)).toEqual([nan, nan]);
      const expected = subject.name === "mae" ? [0, 0] : [nan, nan];
      for (const gradient of Object.values(gradients)) {
        expect(await numbers(gradient)).toEqual(expected);
      }
    }
  });

  test("an infinite residual: infinite loss, and the gradient's limit", async () => {
    const args = [
      [inf, -inf],
      [0, 0],
    ] as const;
    const found = async (loss: (...a: never[]) => Promise<LossResult>, options = {}) => {
      const result = await loss(...(args as never as never[]), {
        ...none,
        ...options,
        gradients: true,
      } as never);
      return [await numbers(result.loss), await numbers(result.gradients.predictions)];
    };
    expect(await found(mse)).toEqual([
      [inf, inf],
      [inf, -inf],
    ]);
    expect(await found(mae)).toEqual([
      [inf, inf],
      [1, -1],
    ]);
    expect(await found(huber, { delta: 2 })).toEqual([
      [inf, inf],
      [2, -2],
    ]);
    expect(await found(smoothL1)).toEqual([
      [inf, inf],
      [1, -1],
    ]);
    expect(await found(logCosh)).toEqual([
      [inf, inf],
      [1, -1],
    ]);
    // A quotient or a logarithm has no one limit.
    expect(await found(mape)).toEqual([
      [nan, nan],
      [nan, nan],
    ]);
    expect(await found(msle)).toEqual([
      [nan, nan],
      [nan, nan],
    ]);
  });

  test("two infinities say nothing about their difference", async () => {
    const { loss, gradients } = await mae([inf], [inf], { ...none, gradients: true });
    expect(await numbers(loss)).toEqual([nan]);
    expect(await numbers(gradients.predictions)).toEqual([0]);
  });

  test("a weight of 0 silences an infinite logit", async () => {
    const { loss } = await bceWithLogits([inf, -inf], [0, 1], { ...none, weight: [0, 1] });
    expect(await numbers(loss)).toEqual([0, inf]);
  });

  test("the stats count what took part and what is not finite", async () => {
    const mask = Uint8Array.of(1, 1, 1, 0);
    const { stats } = await mse([nan, inf, 1, nan], [0, 0, 0, 0], { backend, mask });
    expect(await stats.read()).toMatchObject({ count: 3, denominator: 3, nonFinite: 2 });
  });
});

describe("broadcast stretches what is smaller, and only when it is asked to", () => {
  const random = drawn({ inputs: { a: "real" }, tensors: {} } as unknown as Subject, 60, 5)
    .a as Float32Array;
  const shapes = [
    [[3, 4, 5], [5]],
    [
      [3, 4, 5],
      [4, 1],
    ],
    [
      [3, 4, 5],
      [3, 1, 5],
    ],
    [
      [3, 4, 5],
      [1, 4, 1],
    ],
    [[3, 4, 5], []],
    [
      [3, 1, 5],
      [4, 1],
    ],
    [[1], [2, 3]],
  ] as const;

  test.each(shapes)(
    "[%s] with [%s] gives the losses and the summed gradients of copies",
    async (left, right) => {
      const take = (shape: readonly number[]) =>
        f64(
          random.slice(
            0,
            shape.reduce((a, b) => a * b, 1),
          ),
          shape,
        );
      const [a, b] = [take(left), take(right)];
      const options = {
        backend,
        broadcast: true,
        gradients: true,
        reduction: "batchMean",
      } as const;
      const { loss, gradients } = await mse(a, b, options);
      expect(gradients.predictions.shape).toEqual(left);
      expect(gradients.targets.shape).toEqual(right);
      const differentiable = { inputs: { predictions: a, targets: b }, options };
      for (const name of ["predictions", "targets"]) {
        expect(await differenceError(mse, backend, name, differentiable)).toBeLessThan(LIMIT);
      }
      const { loss: each } = await mse(a, b, { ...none, broadcast: true });
      const sum = (await numbers(each)).reduce((x, y) => x + y, 0);
      expect((await loss.item()) * (each.shape[0] as number)).toBeCloseTo(sum, 10);
    },
  );

  test("a deviation for all is one number, and its gradient the sum", async () => {
    const inputs = {
      means: f64([1, 2, 3], [3]),
      targets: f64([0, 2, 5], [3]),
      variances: f64([0.5], [1]),
    };
    const { gaussianNLL } = await import("../../src/index.js");
    const error = await differenceError(gaussianNLL, backend, "variances", {
      inputs,
      options: { broadcast: true },
    });
    expect(error).toBeLessThan(LIMIT);
  });

  test("quantiles of several tau share their target", async () => {
    const inputs = { predictions: f64([0, 1, 2, 3, 4, 5], [2, 3]), targets: f64([0.5, 4.5], [2]) };
    const options = { tau: [0.1, 0.5, 0.9], reduction: "sum" };
    for (const name of ["predictions", "targets"]) {
      expect(await differenceError(quantile, backend, name, { inputs, options })).toBeLessThan(
        LIMIT,
      );
    }
  });

  test("flat arrays take their shape from each other", async () => {
    const { loss } = await quantile(new Float32Array(6), new Float32Array(2), {
      ...none,
      tau: [0.1, 0.5, 0.9],
    });
    expect(loss.shape).toEqual([2, 3]);
  });
});

describe("integers and empty tensors", () => {
  test("labels may be integers of any width, 64 bits included", async () => {
    const scores = [0.5, -2, 3];
    const expected = await numbers((await hinge(scores, [1, -1, -1], none)).loss);
    for (const labels of [
      Int32Array.of(1, -1, -1),
      BigInt64Array.of(1n, -1n, -1n),
      Int8Array.of(1, -1, -1),
    ]) {
      expect(await numbers((await hinge(scores, labels, none)).loss)).toEqual(expected);
    }
  });

  test("integer targets have no gradient, the logits beside them do", async () => {
    const { gradients } = await bceWithLogits([1, -1], Uint8Array.of(1, 0), {
      backend,
      gradients: true,
    });
    expect(Object.keys(gradients)).toEqual(["logits"]);
  });

  test("a mean over nothing is NaN or 0, a sum is 0", async () => {
    const nothing = new Float32Array(0);
    expect(await (await mse(nothing, nothing, { backend })).loss.item()).toBeNaN();
    expect(await (await mse(nothing, nothing, { backend, emptyMean: "zero" })).loss.item()).toBe(0);
    expect(await (await mse(nothing, nothing, { backend, reduction: "sum" })).loss.item()).toBe(0);
  });
});

describe("bad input is refused before any work, naming loss, argument, expected and got", () => {
  type Bad = readonly [title: string, code: string, says: RegExp, act: () => unknown];
  const call = (loss: unknown) => loss as (...args: unknown[]) => Promise<unknown>;
  const gpu = { mapState: "unmapped", usage: 0x80, size: 64 };
  const bad: readonly Bad[] = [
    [
      "sizes that differ",
      "SHAPE_MISMATCH",
      /mse: targets has shape \[3\], expected \[2\] like predictions; broadcast/,
      () => mse([1, 2], [1, 2, 3], { backend }),
    ],
    [
      "shapes that differ",
      "SHAPE_MISMATCH",
      /mae: targets has shape \[1,2\], expected \[2\]/,
      () => mae([1, 2], [[1, 2]], { backend }),
    ],
    [
      "flat arrays that differ",
      "SHAPE_MISMATCH",
      /huber: targets has 3 elements, expected \[2\]/,
      () => huber(new Float32Array(2), new Float32Array(3), { backend }),
    ],
    [
      "stretching that was not asked for",
      "SHAPE_MISMATCH",
      /mse: targets has shape \[1\], expected \[2\]/,
      () => mse([1, 2], [1], { backend }),
    ],
    [
      "shapes that do not broadcast",
      "SHAPE_MISMATCH",
      /mse: the shapes do not broadcast: predictions \[2\], targets \[3\]/,
      () => mse([1, 2], [1, 2, 3], { backend, broadcast: true }),
    ],
    [
      "a weight of no shape of the losses",
      "SHAPE_MISMATCH",
      /bce: weight has shape \[3\], expected \[2,2\] like probabilities, or the last axes of it/,
      () =>
        bce(
          [
            [0.5, 0.5],
            [0.5, 0.5],
          ],
          [
            [0, 1],
            [0, 1],
          ],
          { backend, weight: [1, 2, 3] },
        ),
    ],
    [
      "a prior of another shape",
      "SHAPE_MISMATCH",
      /gaussianKL: priorMeans has shape \[1\], expected \[2\] like means/,
      () => gaussianKL([1, 2], [1, 2], { backend, priorMeans: [1] }),
    ],
    [
      "a prior of integers",
      "DTYPE",
      /gaussianKL: priorMeans has dtype i32, expected floating point/,
      () => gaussianKL([1, 2], [1, 2], { backend, priorMeans: Int32Array.of(1, 2) }),
    ],
    [
      "a mask of another shape",
      "SHAPE_MISMATCH",
      /mse: mask has shape \[3\], expected \[2\]/,
      () => mse([1, 2], [1, 2], { backend, mask: [1, 0, 1] }),
    ],
    [
      "predictions without one for each tau",
      "SHAPE_MISMATCH",
      /quantile: predictions has shape \[2\], expected \[2,3\]/,
      () => quantile([1, 2], [1, 2], { backend, tau: [0.1, 0.5, 0.9] }),
    ],
    [
      "a tau above 1",
      "OPTION",
      /quantile: tau must be a number, at least 0 and at most 1; got 1.5/,
      () => quantile([1], [1], { backend, tau: 1.5 }),
    ],
    [
      "a tau above 1 in a list",
      "OPTION",
      /quantile: tau must be at least 0 and at most 1; got 2/,
      () => quantile([[1, 2]], [1], { backend, tau: [0.5, 2] }),
    ],
    [
      "a probability above 1",
      "TARGET_OUT_OF_RANGE",
      /bce: probabilities holds 1.5 at index 1 of \[2\], expected within \[0, 1\]/,
      () => bce([0.5, 1.5], [0, 1], { backend }),
    ],
    [
      "a NaN probability",
      "TARGET_OUT_OF_RANGE",
      /bce: probabilities holds NaN at index 0/,
      () => bce([Number.NaN], [0], { backend }),
    ],
    [
      "a target below 0",
      "TARGET_OUT_OF_RANGE",
      /bce: targets holds -1 at index 0/,
      () => bce([0.5], [-1], { backend }),
    ],
    [
      "a negative variance",
      "TARGET_OUT_OF_RANGE",
      /gaussianNLL: variances holds -1 at index 0 of \[1\], expected at least 0/,
      async () => (await import("../../src/index.js")).gaussianNLL([0], [0], [-1], { backend }),
    ],
    [
      "a delta of 0",
      "OPTION",
      /huber: delta must be a number, above 0; got 0/,
      () => huber([1], [1], { backend, delta: 0 }),
    ],
    [
      "a negative beta",
      "OPTION",
      /smoothL1: beta must be a number, at least 0; got -1/,
      () => smoothL1([1], [1], { backend, beta: -1 }),
    ],
    [
      "smoothing of one half",
      "OPTION",
      /dpo: labelSmoothing must be a number, at least 0 and below 0.5; got 0.5/,
      () => dpo([1], [1], [1], [1], { backend, labelSmoothing: 0.5 }),
    ],
    [
      "a word that is none",
      "OPTION",
      /gan: variant must be one of minimax, .*; got "lsgan"/,
      () => call(gan)([1], { backend, variant: "lsgan" }),
    ],
    [
      "a kink that is none",
      "OPTION",
      /hinge: kink must be one of zero, torch; got "one"/,
      () => call(hinge)([1], [1], { backend, kink: "one" }),
    ],
    [
      "an option of another loss",
      "OPTION",
      /mse: there is no option "delta"/,
      () => call(mse)([1], [1], { backend, delta: 1 }),
    ],
    [
      "a gradient to labels",
      "OPTION",
      /hinge: gradients can name scores; got "targets"/,
      () => call(hinge)([1], [1], { backend, gradients: ["targets"] }),
    ],
    [
      "a gradient to integers",
      "OPTION",
      /mse: gradients can name predictions; got "targets"/,
      () => mse([1], Int32Array.of(1), { backend, gradients: ["targets"] }),
    ],
    [
      "a gradient over what is stretched",
      "OPTION",
      /mse: gradients.targets cannot be "inPlace": targets is stretched/,
      () => mse([1, 2], [1], { backend, broadcast: true, gradients: { targets: "inPlace" } }),
    ],
    [
      "a gradient over a buffer that holds another input",
      "UNSUPPORTED",
      /mse: gradients.predictions cannot be "inPlace": targets lies in the same GPUBuffer/,
      () => {
        const at = (offset: number) =>
          tensor({ buffer: gpu as never, offset, size: 8 }, [2], { dtype: "f32" });
        return mse(at(0), at(32), { backend, gradients: { predictions: "inPlace" } });
      },
    ],
    [
      "two 16-bit gradients in words of both",
      "UNSUPPORTED",
      /mse: gradients.targets: 16-bit inputs that are both overwritten/,
      () => {
        const at = (offset: number) =>
          tensor({ buffer: { ...gpu } as never, offset, size: 4 }, [2], { dtype: "f16" });
        return mse(at(0), at(2), {
          backend,
          gradients: { predictions: "inPlace", targets: "inPlace" },
        });
      },
    ],
    [
      "too few arguments",
      "SHAPE_MISMATCH",
      /mse takes \(predictions, targets, options\), got 1 arguments/,
      () => call(mse)([1]),
    ],
    [
      "covariances of another depth",
      "SHAPE_MISMATCH",
      /gaussianKLFull: covariances has shape \[1,1,1\], expected \[1,2,2\]/,
      () => gaussianKLFull([[1, 2]], [[[1]]], [[1, 2]], [[[1]]], { backend }),
    ],
  ];

  test.each(bad)("%s", async (_, code, says, act) => {
    const error = await new Promise((resolve) => resolve(act())).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: "LossError", code, message: expect.stringMatching(says) });
  });

  test("what the mask hides is not judged", async () => {
    const { loss } = await bce([0.5, Number.NaN], [1, 7], { backend, mask: Uint8Array.of(1, 0) });
    expect(await loss.item()).toBeCloseTo(Math.LN2, 12);
  });
});

describe("logits that look like probabilities are pointed at, once", () => {
  beforeEach(forgetWarnings);
  const probabilities = Float32Array.from({ length: 20 }, (_, at) => at / 19);
  const targets = new Float32Array(20);
  const warn = () => vi.spyOn(console, "warn").mockImplementation(() => {});

  test("the warning names the loss, the argument and the fix", async () => {
    const spy = warn();
    await bceWithLogits(probabilities, targets, { backend });
    await bceWithLogits(probabilities, targets, { backend });
    expect(spy.mock.calls).toEqual([
      [
        expect.stringMatching(
          /bceWithLogits: logits all lie between 0 and 1.*use bce.*checkLogits: false/,
        ),
      ],
    ]);
    await sigmoidFocal(probabilities, targets, { backend });
    expect(spy).toHaveBeenCalledTimes(2);
  });

  test.each([
    ["the check is off", probabilities, { checkLogits: false }],
    ["one is negative", probabilities.with(3, -1), {}],
    ["there are too few to tell", probabilities.slice(0, 15), {}],
    ["all are 0 or 1", probabilities.map(Math.round), {}],
  ] as const)("nothing is said where %s", async (_, logits, options) => {
    const spy = warn();
    await bceWithLogits(logits, targets.slice(0, logits.length), { backend, ...options });
    expect(spy).not.toHaveBeenCalled();
  });
});

test("every kind of number that the tests draw lies where its losses are defined", () => {
  for (const { extremes } of Object.values(kinds))
    expect(extremes.every(Number.isFinite)).toBe(true);
});
