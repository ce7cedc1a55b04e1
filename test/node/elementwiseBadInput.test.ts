import { describe, expect, test } from "vitest";
import {
  bce,
  dpo,
  gan,
  gaussianKL,
  gaussianKLFull,
  gaussianNLL,
  hinge,
  huber,
  mae,
  mse,
  openBackend,
  quantile,
  smoothL1,
  tensor,
} from "../../src/index.js";

const backend = await openBackend({ kind: "cpu" });

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
      async () => gaussianNLL([0], [0], [-1], { backend }),
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
