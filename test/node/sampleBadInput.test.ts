import { describe, expect, test } from "vitest";
import {
  combine,
  dice,
  elbo,
  iou,
  LossError,
  l2Penalty,
  reduce,
  sequenceLogProbs,
  type Tensor,
  tensor,
  tversky,
} from "../../src/index.js";

const matrix = (rows: number, columns: number): Tensor =>
  tensor(new Float32Array(rows * columns), [rows, columns]);

/** Each wrong call, the code of its error and words of its message. */
const wrong: readonly (readonly [string, () => Promise<unknown>, string, RegExp])[] = [
  [
    "boxes of three numbers",
    () => iou(matrix(2, 3), matrix(2, 3)),
    "SHAPE_MISMATCH",
    /iou: boxes has shape \[2,3\], expected \[\.\.\., 4\]/,
  ],
  [
    "fewer targets than boxes",
    () => iou(matrix(2, 4), matrix(1, 4)),
    "SHAPE_MISMATCH",
    /iou: targets has shape \[1,4\], expected \[2,4\]/,
  ],
  [
    "boxes of whole numbers",
    () => iou(Int32Array.of(0, 0, 1, 1), matrix(1, 4)),
    "DTYPE",
    /iou: boxes has dtype i32/,
  ],
  [
    "an unknown variant",
    () => iou(matrix(1, 4), matrix(1, 4), { variant: "eiou" as never }),
    "OPTION",
    /variant must be one of iou, giou, diou, ciou/,
  ],
  [
    "flat maps",
    () => dice(new Float32Array(4), new Float32Array(4)),
    "SHAPE_MISMATCH",
    /dice: probabilities has 4 elements, expected samples along the first axis/,
  ],
  [
    "maps of two shapes",
    () => dice(matrix(2, 3), matrix(3, 2)),
    "SHAPE_MISMATCH",
    /dice: targets has shape \[3,2\], expected \[2,3\]/,
  ],
  [
    "a negative smoothing",
    () => tversky(matrix(1, 2), matrix(1, 2), { smooth: -1 }),
    "OPTION",
    /smooth must be a number, at least 0/,
  ],
  [
    "a mask per element",
    () => dice(matrix(2, 3), matrix(2, 3), { mask: matrix(2, 3) }),
    "SHAPE_MISMATCH",
    /mask has shape \[2,3\], expected \[2\]/,
  ],
  [
    "latents of other samples",
    () => elbo(matrix(2, 3), matrix(2, 3), matrix(3, 1), matrix(3, 1)),
    "SHAPE_MISMATCH",
    /elbo: means has 3 samples, reconstructions has 2/,
  ],
  [
    "an unknown reconstruction",
    () =>
      elbo(matrix(1, 1), matrix(1, 1), matrix(1, 1), matrix(1, 1), {
        reconstruction: "poisson" as never,
      }),
    "OPTION",
    /reconstruction must be one of bernoulli, gaussian/,
  ],
  [
    "offsets that fall",
    () => reduce([1, 2, 3], { segments: [0, 2, 1, 3] }),
    "TARGET_OUT_OF_RANGE",
    /segments holds 1 at index 2/,
  ],
  [
    "offsets that begin late",
    () => reduce([1, 2, 3], { segments: [1, 3] }),
    "TARGET_OUT_OF_RANGE",
    /segments holds 1 at index 0/,
  ],
  [
    "offsets that end early",
    () => reduce([1, 2, 3], { segments: [0, 2] }),
    "TARGET_OUT_OF_RANGE",
    /segments holds 2 at index 1, expected offsets that rise from 0 to 3/,
  ],
  [
    "offsets with fractions",
    () => reduce([1, 2, 3], { segments: [0, 1.5, 3] }),
    "DTYPE",
    /segments holds 1.5 at index 1/,
  ],
  [
    "no offsets at all",
    () => reduce([1, 2, 3], { segments: new Int32Array(0) }),
    "SHAPE_MISMATCH",
    /segments has no elements|expected \[segments \+ 1\] offsets/,
  ],
  [
    "segments and no reduction",
    () => reduce([1, 2, 3], { segments: [0, 3], reduction: "none" }),
    "OPTION",
    /leave segments out/,
  ],
  [
    "an upstream per loss with segments",
    () => reduce([1, 2, 3], { segments: [0, 1, 3], upstream: [1, 2, 3] }),
    "SHAPE_MISMATCH",
    /upstream has shape \[3\], expected \[2\] like the result/,
  ],
  [
    "weights of another shape",
    () => reduce([1, 2, 3], { weights: [1, 2] }),
    "SHAPE_MISMATCH",
    /weights has shape \[2\], expected \[3\]/,
  ],
  [
    "weights by another name",
    () => reduce([1, 2, 3], { sampleWeight: [1, 2, 3] }),
    "OPTION",
    /sampleWeight is called weights here/,
  ],
  [
    "a term that is no term",
    () => combine([{ loss: 1 }, 3 as never]),
    "OPTION",
    /term 1 must be \{ loss, weight \}/,
  ],
  [
    "a term of several losses",
    () => combine([{ loss: tensor([1, 2]) }]),
    "SHAPE_MISMATCH",
    /term 0 has shape \[2\], expected one number/,
  ],
  [
    "weights beside a list",
    () => combine([{ loss: 1 }], { weights: [1] }),
    "OPTION",
    /weights belong to the terms/,
  ],
  [
    "a mean of terms",
    () => combine([1, 2], { reduction: "mean" } as never),
    "OPTION",
    /reduction must be one of sum, got "mean"/,
  ],
  [
    "logits of one axis",
    () => sequenceLogProbs([1, 2], [0]),
    "SHAPE_MISMATCH",
    /expected \[sequences, tokens, classes\]/,
  ],
  [
    "labels of another shape",
    () => sequenceLogProbs(tensor(new Float32Array(8), [1, 2, 4]), [[1]]),
    "SHAPE_MISMATCH",
    /labels has shape \[1,1\], expected \[1,2\]/,
  ],
  [
    "a label outside the classes",
    () => sequenceLogProbs(tensor(new Float32Array(8), [1, 2, 4]), [[1, 4]]),
    "TARGET_OUT_OF_RANGE",
    /labels holds 4 at index 1/,
  ],
  [
    "a reduction of what reduces nothing",
    () =>
      sequenceLogProbs(tensor(new Float32Array(8), [1, 2, 4]), [[1, 2]], {
        reduction: "sum",
      } as never),
    "OPTION",
    /there is no option "reduction"/,
  ],
  [
    "an upstream per token",
    () =>
      sequenceLogProbs(tensor(new Float32Array(8), [1, 2, 4]), [[1, 2]], {
        upstream: [[1, 2]],
        gradients: true,
      }),
    "SHAPE_MISMATCH",
    /upstream has shape \[1,2\], expected \[1\] like the result/,
  ],
  [
    "a negative lambda",
    () => l2Penalty([1], { lambda: -1 }),
    "OPTION",
    /lambda must be a number, at least 0/,
  ],
  [
    "a mean of squares",
    () => l2Penalty([1], { reduction: "mean" }),
    "OPTION",
    /reduction must be one of sum/,
  ],
];

describe("a wrong call gets a typed error that names the argument", () => {
  test.each(wrong)("%s", async (_, act, code, says) => {
    const error = await act().then(
      () => undefined,
      (found: unknown) => found,
    );
    expect(error).toBeInstanceOf(LossError);
    expect((error as LossError).code).toBe(code);
    expect((error as LossError).message).toMatch(says);
  });
});
