import { describe, expect, test } from "vitest";
import {
  costMatrix,
  crossEntropy,
  ctc,
  distillation,
  entropy,
  jsd,
  klDivergence,
  LossError,
  listwiseSoftmax,
  logSumExp,
  multilabelMargin,
  multilabelSoftMargin,
  multiMargin,
  nll,
  openBackend,
  poly,
  softmax,
  softmaxFocal,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { normalRows, rowFunctionNamed, rowLosses, titleOf } from "../rowProblems.js";

const backend = await openBackend({ kind: "cpu" });
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const each = rowLosses.map((loss) => {
  const { options } = loss.make(normalRows(2, 3, 1));
  return { ...loss, title: titleOf(loss.name, options) };
});
const numbers = async (given: Tensor | undefined): Promise<number[]> =>
  given
    ? [...((await given.read()) as Float64Array)]
    : expect.fail("the result has no such tensor");

describe("a row that takes no part", () => {
  test.each(each)("of $title may hold NaN: loss and gradient are exactly 0", async (loss) => {
    const rows = normalRows(3, 4, 5);
    rows.scores.fill(nan, 4, 8);
    rows.others.fill(nan, 4, 8);
    const { inputs, options } = loss.make(rows);
    const all = { ...options, reduction: "none", mask: [1, 0, 1], gradients: loss.wrt, backend };
    const result = await rowFunctionNamed(loss.name)(
      ...([...Object.values(inputs), all] as never[]),
    );
    const losses = await numbers(result.loss);
    expect(losses[1]).toBe(0);
    expect(losses.every(Number.isFinite)).toBe(true);
    for (const name of loss.wrt) {
      const gradient = await numbers(result.gradients[name]);
      expect(gradient.slice(4, 8).map(Math.abs)).toEqual([0, 0, 0, 0]);
      expect(gradient.every(Number.isFinite), name).toBe(true);
    }
  });

  test("is counted out, and what is left is counted in", async () => {
    const { stats } = await nll(
      [
        [nan, nan],
        [-1, -2],
      ],
      [-100, 1],
      { backend },
    );
    expect(await stats.read()).toMatchObject({ count: 1, denominator: 1, nonFinite: 0 });
  });

  // Padding is often -1 under a mask: labels were judged whether the mask left their row or not.
  test("may have a label that is no class", async () => {
    const scores = [
      [1, 2],
      [1, 2],
    ];
    const options = { mask: [0, 1], backend };
    const { loss } = await nll(scores, [-1, 1], { ...options, weight: [1, 3] });
    expect(await loss.item()).toBe(-2);
    const shifted = { ...options, mask: [[0, 1, 1]], shift: true };
    const tokens = [[...scores, [3, 4]]];
    const next = await crossEntropy(tokens, [[0, -1, 1]], shifted);
    expect(await next.loss.item()).toBeCloseTo(Math.log1p(Math.exp(-1)), 12);
    const lists = [
      [9, 1],
      [1, -1],
    ];
    expect(await (await multilabelMargin(scores, lists, options)).loss.item()).toBe(0);
    await expect(nll(scores, [1, -1], options)).rejects.toThrow(/targets holds -1 at index 1/);
  });
});

describe("a row that holds", () => {
  const losses = each.filter(({ name }) => !["nll", "multilabelSoftMargin"].includes(name));
  test.each(losses)("a NaN makes $title NaN, and no other row", async (loss) => {
    const rows = normalRows(2, 9, 6);
    rows.scores[1] = nan;
    const { inputs, options } = loss.make(rows);
    const isMasked = "itemMask" in options;
    const all = { ...options, ...(isMasked ? { itemMask: undefined } : {}), reduction: "none" };
    const result = await rowFunctionNamed(loss.name)(
      ...([...Object.values(inputs), { ...all, backend }] as never[]),
    );
    const [first, second] = await numbers(result.loss);
    expect(first).toBeNaN();
    expect(Number.isFinite(second)).toBe(true);
  });

  test.each([
    ["+Infinity has no softmax", [inf, 0, 1], nan, [nan, nan, nan]],
    ["nothing but -Infinity has none either", [-inf, -inf, -inf], nan, [nan, nan, nan]],
    ["-Infinity gives that class probability 0", [-inf, 0, 0], Math.LN2, [0, 0, 0]],
  ])("%s", async (_, logits, loss, gradient) => {
    const result = await entropy([logits], { gradients: true, backend });
    expect(await numbers(result.loss)).toEqual([loss]);
    const found = await numbers(result.gradients.logits);
    expect(found.map((slope) => Math.round(1e12 * slope) / 1e12 + 0)).toEqual(gradient);
  });

  test("-Infinity on the label loses everything, at a finite gradient", async () => {
    const { loss, gradients } = await poly([[-inf, 0, 0]], [0], { gradients: true, backend });
    expect(await loss.item()).toBe(inf);
    expect(await numbers(gradients.logits)).toEqual([-1, 0.5, 0.5]);
  });

  test("a probability below 0 is none", async () => {
    const options = { inputForm: "probs", targetForm: "probs", backend } as const;
    const { loss } = await klDivergence([[0.5, 0.5]], [[1.5, -0.5]], options);
    expect(await loss.item()).toBeNaN();
  });

  test("logits at infinity that are right cost nothing, those that are wrong everything", async () => {
    const call = (targets: number[][]) =>
      multilabelSoftMargin([[inf, -inf]], targets, { gradients: true, backend });
    const right = await call([[1, 0]]);
    expect(await right.loss.item()).toBe(0);
    expect(await numbers(right.gradients.logits)).toEqual([0, 0]);
    expect(await (await call([[0, 0]])).loss.item()).toBe(inf);
  });
});

describe("infinite divergences", () => {
  test("have the gradient that is finite, and NaN through a softmax that has none", async () => {
    const wrt = ["inputs", "targets"] as const;
    const forward = await klDivergence([[-inf, -0.5]], [[0.25, 0.75]], { gradients: wrt, backend });
    expect(await forward.loss.item()).toBe(inf);
    expect(await numbers(forward.gradients.inputs)).toEqual([-0.25, -0.75]);
    expect((await numbers(forward.gradients.targets))[0]).toBe(inf);
    const logits = { inputForm: "logits", direction: "reverse", gradients: wrt, backend } as const;
    const reverse = await klDivergence([[0, 0]], [[0, 1]], logits);
    expect(await reverse.loss.item()).toBe(inf);
    expect(await numbers(reverse.gradients.inputs)).toEqual([nan, nan]);
  });

  test("of a distribution that lacks a class of the other are finite for Jensen and Shannon", async () => {
    const gradients = ["logits", "targetLogits"] as const;
    const result = await jsd([[0, -inf]], [[-inf, 0]], { gradients, backend });
    expect(await result.loss.item()).toBeCloseTo(Math.LN2, 14);
    expect(await numbers(result.gradients.logits)).toEqual([0, 0]);
  });

  test("of a student from a teacher that it contradicts keep the student's gradient", async () => {
    const options = { gradients: true, temperature: 2, backend } as const;
    const { loss, gradients } = await distillation([[0, -inf]], [[0, 0]], options);
    expect(await loss.item()).toBe(inf);
    expect(await numbers(gradients.studentLogits)).toEqual([1, -1]);
  });
});

describe("a gradient over its input", () => {
  test("is written into the caller's array, in the array's own format", async () => {
    const logits = Float32Array.of(0, 0, 1, 3);
    const beside = await softmaxFocal(tensor(logits, [2, 2]), [0, 1], { gradients: true, backend });
    const expected = await numbers(beside.gradients.logits);
    await softmaxFocal(tensor(logits, [2, 2]), [0, 1], {
      gradients: { logits: "inPlace" },
      backend,
    });
    expect([...logits]).toEqual(expected.map(Math.fround));
  });
});

// Learned scalars are often kept as tensors of shape [1]; only [] was taken.
test("one number may come in any shape of one element", async () => {
  const options = { temperature: tensor([[2]]), gradients: ["temperature"], backend } as const;
  const { loss, gradients } = await crossEntropy([[2, 1, 0]], [0], options);
  expect(await loss.item()).toBeCloseTo(0.680269670642, 12);
  expect(gradients.temperature.shape).toEqual([]);
});

// Types named every gradient and output, asked for or not: reading one that was not was found at run time alone.
test("a result has, and by its type has, what was asked for", async () => {
  const logits = [[2, 1, 0]];
  const plain = await crossEntropy(logits, [0], { backend });
  // @ts-expect-error: no gradients were asked for
  expect(plain.gradients.logits).toBeUndefined();
  // @ts-expect-error: no entropy was asked for
  expect(plain.entropy).toBeUndefined();
  const named = await crossEntropy(logits, [[1, 0, 0]], {
    ...{ backend, checkLogits: false },
    gradients: ["targets"],
    outputs: ["entropy"],
  });
  expect([named.gradients.targets.shape, named.entropy.shape]).toEqual([[1, 3], [1]]);
  // @ts-expect-error: only that to the targets
  expect(named.gradients.logits).toBeUndefined();
  const over = { logits: "inPlace", targets: false } as const;
  const placed = await crossEntropy(logits, [[1, 0, 0]], { backend, gradients: over });
  expect(placed.gradients.logits.shape).toEqual([1, 3]);
  // @ts-expect-error: those to the targets were declined
  expect(placed.gradients.targets).toBeUndefined();
  const { gradients } = await crossEntropy(logits, [0], { backend, gradients: true });
  expect(gradients.logits.shape).toEqual([1, 3]);
  // @ts-expect-error: an option that there is not
  await expect(crossEntropy(logits, [0], { backend, lableSmoothing: 1 })).rejects.toThrow(/option/);
  // @ts-expect-error: a gradient that there is not
  const misspelt = crossEntropy(logits, [0], { backend, gradients: ["logit"] });
  await expect(misspelt).rejects.toThrow(/gradients can name/);
  const flag = Boolean(backend);
  const either = await crossEntropy(logits, [0], { backend, gradients: flag });
  expect(either.gradients.logits.shape).toEqual([1, 3]);
});

describe("a function of rows", () => {
  test("gives its output and takes no reduction", async () => {
    const { output } = await logSumExp([[1000, 999, 998]], { backend });
    expect(await output.item()).toBeCloseTo(1000.407605964444, 9);
    const call = softmax([[0, 1]], { reduction: "sum", backend } as never);
    await expect(call).rejects.toThrow(/softmax: there is no option "reduction"/);
  });

  test("logSumExp at the infinities is the infinity, with no gradient", async () => {
    const logits = [
      [-inf, -inf],
      [inf, 0],
    ];
    const { output, gradients } = await logSumExp(logits, { gradients: true, backend });
    expect(await numbers(output)).toEqual([-inf, inf]);
    expect(await numbers(gradients.logits)).toEqual([nan, nan, nan, nan]);
  });
});

describe("bad input is refused with a typed error that names loss and argument", () => {
  const shaped = (...shape: number[]): Tensor =>
    tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
  const logits = shaped(2, 3);
  type Bad = readonly [title: string, act: () => Promise<unknown>, code: string, says: RegExp];
  const bad: readonly Bad[] = [
    [
      "too few labels",
      () => poly(logits, [0], { backend }),
      "SHAPE_MISMATCH",
      /poly: targets has 1 labels, logits has 2 rows/,
    ],
    [
      "labels of another shape",
      () => poly(shaped(2, 2, 3), tensor(Int32Array.of(0, 1, 2, 0), [4]), { backend }),
      "SHAPE_MISMATCH",
      /poly: targets has shape \[4\], logits of shape \[2,2,3\] want \[2,2\]/,
    ],
    [
      "a label outside the classes",
      () => softmaxFocal(logits, [0, 3], { backend }),
      "TARGET_OUT_OF_RANGE",
      /softmaxFocal: targets holds 3 at index 1, outside \[0, 3\) and not ignoreIndex -100/,
    ],
    [
      "probabilities as labels",
      () => nll(logits, Float32Array.of(0.5, 0.5), { backend }),
      "DTYPE",
      /nll: targets has dtype f32/,
    ],
    [
      "whole numbers as logits",
      () => entropy(tensor(Int32Array.of(1, 2), [1, 2]), { backend }),
      "DTYPE",
      /entropy: logits has dtype i32, expected floating point/,
    ],
    [
      "no classes",
      () => entropy(shaped(2, 0), { backend }),
      "SHAPE_MISMATCH",
      /entropy: logits of shape \[2,0\] has no classes/,
    ],
    [
      "a second row of another shape",
      () => jsd(logits, shaped(3, 2), { backend }),
      "SHAPE_MISMATCH",
      /jsd: targetLogits has shape \[3,2\], expected \[2,3\] like logits/,
    ],
    [
      "flat logits that no count of labels divides",
      () => poly(new Float32Array(7), [0, 1], { backend }),
      "SHAPE_MISMATCH",
      /poly: logits has 7 elements for 2 targets; use tensor\(logits, \[rows, classes\]\)/,
    ],
    [
      "an alpha of another count",
      () => softmaxFocal(logits, [0, 1], { alpha: [1, 2], backend }),
      "SHAPE_MISMATCH",
      /softmaxFocal: alpha has shape \[2\], expected \[3\] \(one for each class\)/,
    ],
    [
      "no costs",
      () => costMatrix(logits, [0, 1], { backend }),
      "SHAPE_MISMATCH",
      /costMatrix: costs is missing/,
    ],
    [
      "costs that are not square",
      () => costMatrix(logits, [0, 1], { costs: shaped(2, 3), backend }),
      "SHAPE_MISMATCH",
      /costMatrix: costs has shape \[2,3\], expected \[3,3\]/,
    ],
    [
      "an item mask of another shape",
      () => listwiseSoftmax(logits, logits, { itemMask: [1, 0, 1], backend }),
      "SHAPE_MISMATCH",
      /listwiseSoftmax: itemMask has shape \[3\], expected \[2,3\]/,
    ],
    [
      "a form that is none",
      () => klDivergence(logits, logits, { inputForm: "scores" as "logits", backend }),
      "OPTION",
      /klDivergence: inputForm must be one of logits, logProbs, probs; got "scores"/,
    ],
    [
      "a beta at its end",
      () => jsd(logits, logits, { beta: 1, backend }),
      "OPTION",
      /jsd: beta must be a number, above 0 and below 1; got 1/,
    ],
    [
      "a power that is neither 1 nor 2",
      () => multiMargin(logits, [0, 1], { p: 3, backend }),
      "OPTION",
      /multiMargin: p must be a whole number, at least 1 and at most 2; got 3/,
    ],
    [
      "a negative gamma",
      () => softmaxFocal(logits, [0, 1], { gamma: -1, backend }),
      "OPTION",
      /softmaxFocal: gamma must be a number, at least 0/,
    ],
    [
      "a gradient to labels",
      () => poly(logits, [0, 1], { gradients: ["targets" as "logits"], backend }),
      "OPTION",
      /poly: gradients can name logits; got "targets"/,
    ],
    [
      "a list with a label outside the classes",
      () =>
        multilabelMargin(
          logits,
          [
            [0, 5, -1],
            [1, -1, 9],
          ],
          { backend },
        ),
      "TARGET_OUT_OF_RANGE",
      /multilabelMargin: targets holds 5 at index 1, outside \[0, 3\)/,
    ],
    [
      "fractions in a list of labels",
      () =>
        multilabelMargin(
          logits,
          [
            [0, 0.5, -1],
            [1, -1, -1],
          ],
          { backend },
        ),
      "DTYPE",
      /multilabelMargin: targets holds 0.5 at index 1, expected whole numbers/,
    ],
    [
      "frames without a class axis",
      () => ctc(logits, [[1]], { backend }),
      "SHAPE_MISMATCH",
      /ctc: logProbs has shape \[2,3\], expected \(frames, sequences, classes\)/,
    ],
    [
      "targets for another count of sequences",
      () => ctc(shaped(4, 2, 3), [[1]], { backend }),
      "SHAPE_MISMATCH",
      /ctc: targets has shape \[1,1\], expected \[2, labels\]/,
    ],
    [
      "the blank among the labels",
      () => ctc(shaped(4, 1, 3), [[1, 0]], { backend }),
      "TARGET_OUT_OF_RANGE",
      /ctc: targets holds 0 at index 1, the blank class/,
    ],
    [
      "more labels than there is room for",
      () => ctc(shaped(4, 1, 3), [[1, 2]], { targetLengths: [3], backend }),
      "OPTION",
      /ctc: targetLengths holds 3 at index 0, outside \[0, 2\]/,
    ],
    [
      "a blank that is no class",
      () => ctc(shaped(4, 1, 3), [[1, 2]], { blank: 3, backend }),
      "OPTION",
      /ctc: blank is 3, outside \[0, 3\)/,
    ],
    [
      "an upstream factor for each row of a softmax",
      () => softmax(logits, { upstream: [1, 2], backend }),
      "SHAPE_MISMATCH",
      /softmax: upstream has shape \[2\], expected \[2,3\]/,
    ],
  ];

  test.each(bad)("%s", async (_, act, code, says) => {
    const error = await act().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LossError);
    expect((error as LossError).message).toMatch(says);
    expect((error as LossError).code).toBe(code);
  });

  test("what lies behind a list's end, or beyond a sequence's length, is never judged", async () => {
    const { loss } = await multilabelMargin([[1, 0, 0.5]], [[0, -1, 9]], { backend });
    expect(await loss.item()).toBeCloseTo(0.5 / 3, 14);
    const options = { targetLengths: [1], backend };
    const padded = await ctc(tensor(new Float32Array(6).fill(-1), [2, 1, 3]), [[1, 0]], options);
    expect(Number.isFinite(await padded.loss.item())).toBe(true);
  });
});
