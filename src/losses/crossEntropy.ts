import { type CommonOptions, defineLoss } from "../define.js";
import { fail } from "../errors.js";
import { expectLabels } from "../labels.js";
import type { Request } from "../request.js";
import { sizeOf } from "../tensor.js";
import { checkLogits, warnIfDistributions } from "../warn.js";

/** The sizes of a cross-entropy problem. Element (row, class) lies at rowBase(row) + class × classStride. */
export interface Geometry {
  readonly rows: number;
  readonly classes: number;
  /** Elements between two classes of one row: 1, or the pixels of an image. */
  readonly classStride: number;
  readonly lossShape: readonly number[];
  /** Targets are probabilities of the logits' shape, not class numbers. */
  readonly soft: boolean;
  /** Tokens per sequence when labels are shifted by one; 0 otherwise. */
  readonly shift: number;
}

function logitsShape(request: Request): readonly number[] {
  const logits = request.get("logits");
  if (logits.shape) return logits.shape;
  const targets = request.get("targets");
  if (targets.isFloat() && targets.size === logits.size) return targets.shape ?? [logits.size];
  const rows = targets.size;
  if (rows > 0 && logits.size % rows === 0)
    return [...(targets.shape ?? [rows]), logits.size / rows];
  return fail(
    "SHAPE_MISMATCH",
    `crossEntropy: cannot infer the classes of ${logits.size} logits for ${rows} targets; use tensor(logits, [rows, classes])`,
  );
}

function check(request: Request): Geometry {
  request.expectFloat("logits");
  const shape = logitsShape(request);
  if (shape.length === 0) {
    fail("SHAPE_MISMATCH", "crossEntropy: logits has shape [], expected an axis of classes");
  }
  const given = request.number("classAxis");
  const axis = given < 0 ? shape.length + given : given;
  if (axis < 0 || axis >= shape.length) {
    fail("OPTION", `crossEntropy: classAxis ${given} is outside the logits' shape [${shape}]`);
  }
  const classes = shape[axis] as number;
  if (classes === 0)
    fail("SHAPE_MISMATCH", `crossEntropy: logits of shape [${shape}] have no classes`);
  const lossShape = shape.filter((_, index) => index !== axis);
  const classStride = sizeOf(shape.slice(axis + 1));
  const targets = request.get("targets");
  const isList = targets.dtype === "f64";
  const soft =
    targets.isFloat() && (!isList || targets.fits(shape)) && !(isList && targets.fits(lossShape));
  if (soft) {
    request.expectShape("targets", shape, "as probabilities like the logits");
    if (request.number("ignoreIndex") >= 0) {
      fail("OPTION", "crossEntropy: ignoreIndex needs class numbers as targets; use mask");
    }
  } else {
    const { size } = targets;
    const rows = sizeOf(lossShape);
    if (!targets.fits(lossShape)) {
      fail(
        "SHAPE_MISMATCH",
        targets.shape && size === rows
          ? `crossEntropy: targets has shape [${targets.shape}], logits of shape [${shape}] want [${lossShape}]`
          : `crossEntropy: targets has ${size} labels, logits has ${rows} rows`,
      );
    }
    expectLabels(request, "targets", classes);
  }
  request.expectShape("weight", [classes], "(one weight per class)");
  request.expectFloat("weight");
  request.expectShape("temperature", [], "(one number)");
  request.expectFloat("temperature");
  request.expectCommon(lossShape);
  const shift = request.choices.shift ? (lossShape.at(-1) ?? 0) : 0;
  if (request.choices.shift && (soft || classStride !== 1 || lossShape.length === 0)) {
    fail(
      "OPTION",
      "crossEntropy: shift needs class numbers and logits of shape (…, tokens, classes)",
    );
  }
  checkOutputs(request, soft);
  warnIfDistributions(request, "logits", classes, classStride);
  return { rows: sizeOf(lossShape), classes, classStride, lossShape, soft, shift };
}

function checkOutputs(request: Request, soft: boolean): void {
  if (soft && request.outputs.has("logProbs")) {
    fail("OPTION", "crossEntropy: output logProbs needs class numbers as targets");
  }
  if (request.reduction === "none" && request.outputs.has("perplexity")) {
    fail("OPTION", 'crossEntropy: output perplexity needs a reduction other than "none"');
  }
  if (!soft && request.gradients.targets) {
    fail("OPTION", "crossEntropy: gradients.targets needs probabilities as targets");
  }
}

/**
 * Softmax cross-entropy of logits against class numbers or probabilities, fused with its gradient.
 * @example
 * const { loss, gradients } = await crossEntropy([[2, 1, 0]], [0], { gradients: true });
 */
export const crossEntropy = /* @__PURE__ */ defineLoss({
  name: "crossEntropy",
  family: "row",
  aka: ["softmax cross-entropy", "log loss", "F.cross_entropy"],
  summary:
    "Softmax cross-entropy of logits against class numbers or probabilities, fused with its gradient.",
  formula: String.raw`w_y\left(\log\textstyle\sum_c e^{z_c} - z_y\right)`,
  reference: "Goodfellow, Bengio, Courville 2016, Deep Learning, section 6.2.2",
  inputs: { logits: "wrt", targets: "asked" },
  shapes: {
    logits: "(…, classes), or classes on classAxis",
    targets: "(…) class numbers, or probabilities like logits",
  },
  options: {
    weight: {
      tensor: "(classes)",
      role: "data",
      doc: "A weight per class; the mean divides by the targets' weights.",
    },
    ignoreIndex: {
      default: -100,
      integer: true,
      fixed: "always",
      doc: "Rows with this label take no part.",
    },
    labelSmoothing: {
      default: 0,
      min: 0,
      max: 1,
      fixed: "atZero",
      doc: "Share of the target spread evenly over the classes.",
    },
    temperature: {
      tensor: "one number",
      default: 1,
      min: 1e-30,
      max: 1e30,
      role: "wrt",
      doc: "Divides the logits; as a tensor it can have a gradient.",
    },
    softcap: {
      default: 0,
      min: 0,
      fixed: "atZero",
      doc: "Squashes logits to ±softcap with tanh; 0 leaves them.",
    },
    zLoss: { default: 0, min: 0, fixed: "atZero", doc: "Adds zLoss × logSumExp² to each row." },
    classAxis: {
      default: -1,
      integer: true,
      fixed: "always",
      doc: "The axis of the classes; 1 for images (N, C, H, W).",
    },
    shift: { default: false, doc: "Scores each token against the next label, without a copy." },
    checkLogits,
  },
  outputs: {
    logSumExp: "log of the sum of exponentials, per row",
    logProbs: "log-probability of the target, per row",
    entropy: "entropy of the softmax, per row",
    correct: "1 where the largest logit is the target's, per row",
    perplexity: "exp of the reduced loss",
  },
  cases: [
    {
      args: [
        [
          [3, 1, -2],
          [1000, 999, 998],
          [-4, 2, 1],
        ],
        [0, 2, 1],
      ],
      loss: 0.951841119612,
    },
    { args: [[[3, 0, -1, -2]], [0]], options: { labelSmoothing: 0.1 }, loss: 0.372172421993 },
  ],
  check,
  cpu: async () => (await import("../cpu/crossEntropy.js")).crossEntropyCpu,
  gpu: async () => (await import("../gpu/crossEntropy.js")).planCrossEntropy,
});

export type CrossEntropyOptions = CommonOptions;
