import { describe, expect, test } from "vitest";
import {
  bceWithLogits,
  gaussianNLL,
  hinge,
  huber,
  type LossResult,
  logCosh,
  mae,
  mape,
  mse,
  msle,
  openBackend,
  quantile,
  smoothL1,
  type Tensor,
} from "../../src/index.js";
import { differenceError, f64 } from "../differences.js";
import { allSubjects, drawn, run, type Subject } from "../elementwise.js";

const backend = await openBackend({ kind: "cpu" });
const none = { backend, reduction: "none" } as const;

const numbers = async (made: Tensor | undefined): Promise<number[]> =>
  Array.from((await made?.read()) as Float64Array);
const LIMIT = 1e-7;

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
