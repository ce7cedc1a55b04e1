import { defineLoss } from "../define.js";
import { fail } from "../errors.js";
import { expectLabels } from "../labels.js";
import type { Request } from "../request.js";
import { sizeOf } from "../tensor.js";
import type { Geometry } from "./crossEntropy.js";

/** The sizes of the logits, none of which are held, and of what they are products of. */
export interface LinearGeometry extends Geometry {
  /** Numbers of a row of hidden and of linearWeight. */
  readonly depth: number;
}

const name = "linearCrossEntropy";

function hiddenShape(request: Request, depth: number): readonly number[] {
  const { shape, size } = request.get("hidden");
  const targets = request.get("targets");
  if (shape) {
    if (shape.at(-1) === depth) return shape;
    fail(
      "SHAPE_MISMATCH",
      `${name}: hidden has shape [${shape}], expected […, ${depth}] like the rows of linearWeight`,
    );
  }
  if (targets.size * depth === size) return [...(targets.shape ?? [targets.size]), depth];
  return fail(
    "SHAPE_MISMATCH",
    `${name}: hidden has ${size} numbers, expected ${targets.size} rows of ${depth}; use tensor(hidden, [rows, ${depth}])`,
  );
}

function checkTargets(
  request: Request,
  lossShape: readonly number[],
  { classes, shape }: { readonly classes: number; readonly shape: readonly number[] },
): void {
  const targets = request.get("targets");
  const isList = targets.dtype === "f64";
  const isSoft = isList ? targets.fits([...lossShape, classes]) : targets.isFloat();
  if (isSoft && !(isList && targets.fits(lossShape))) {
    fail(
      "UNSUPPORTED",
      `${name}: targets must be class numbers; for probabilities give crossEntropy the logits`,
    );
  }
  if (!targets.fits(lossShape)) {
    const rows = sizeOf(lossShape);
    fail(
      "SHAPE_MISMATCH",
      targets.shape && targets.size === rows
        ? `${name}: targets has shape [${targets.shape}], hidden of shape [${shape}] wants [${lossShape}]`
        : `${name}: targets has ${targets.size} labels, hidden has ${rows} rows`,
    );
  }
  expectLabels(request, "targets", classes);
}

function check(request: Request): LinearGeometry {
  request.expectFloat("hidden");
  request.expectFloat("linearWeight");
  const layer = request.get("linearWeight");
  if (layer.shape?.length !== 2) {
    const got = layer.shape ? `shape [${layer.shape}]` : `${layer.size} elements`;
    fail(
      "SHAPE_MISMATCH",
      `${name}: linearWeight has ${got}, expected [classes, depth]; use tensor(linearWeight, shape)`,
    );
  }
  const [classes, depth] = layer.shape as [number, number];
  if (classes === 0 || depth === 0) {
    fail("SHAPE_MISMATCH", `${name}: linearWeight of shape [${layer.shape}] makes no logits`);
  }
  const shape = hiddenShape(request, depth);
  const lossShape = shape.slice(0, -1);
  checkTargets(request, lossShape, { classes, shape });
  for (const each of ["weight", "linearBias"]) {
    request.expectShape(each, [classes], "(one number per class)");
    request.expectFloat(each);
  }
  request.expectCommon(lossShape);
  if (request.choices.shift && lossShape.length === 0) {
    fail("OPTION", `${name}: shift needs hidden of shape (…, tokens, depth)`);
  }
  if (request.reduction === "none" && request.outputs.has("perplexity")) {
    fail("OPTION", `${name}: output perplexity needs a reduction other than "none"`);
  }
  for (const [each, place] of Object.entries(request.gradients)) {
    if (place !== "inPlace") continue;
    fail(
      "UNSUPPORTED",
      `${name}: gradients.${each} cannot be "inPlace", for ${each} is still read; use true`,
    );
  }
  const shift = request.choices.shift ? (lossShape.at(-1) as number) : 0;
  const rows = sizeOf(lossShape);
  return { rows, classes, classStride: 1, lossShape, soft: false, shift, depth };
}

/**
 * Cross-entropy of a linear layer's logits, which are made and used up a few rows at a time.
 * @example
 * const head = tensor([[1, 0], [0, 1], [1, 1]]);
 * const { loss, gradients } = await linearCrossEntropy([[2, 1]], head, [0], { gradients: true });
 */
export const linearCrossEntropy = /* @__PURE__ */ defineLoss({
  name,
  family: "row",
  aka: ["fused linear cross-entropy", "language-model head", "F.linear_cross_entropy"],
  summary:
    "Cross-entropy of a linear layer's logits, which are made and used up a few rows at a time.",
  formula: String.raw`w_y\left(\log\textstyle\sum_c e^{z_c} - z_y\right), \quad z = W h + b`,
  reference: "Wijmans et al. 2024, arXiv:2411.09009; Hsu et al. 2024, arXiv:2410.10989",
  inputs: { hidden: "wrt", linearWeight: "wrt", targets: "labels" },
  shapes: {
    hidden: "(…, depth)",
    linearWeight: "(classes, depth)",
    targets: "(…) class numbers",
  },
  options: {
    linearBias: { tensor: "(classes)", role: "wrt", doc: "Added to the logits." },
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
    temperature: { default: 1, min: 1e-30, max: 1e30, doc: "Divides the logits." },
    softcap: {
      default: 0,
      min: 0,
      fixed: "atZero",
      doc: "Squashes logits to ±softcap with tanh; 0 leaves them.",
    },
    zLoss: { default: 0, min: 0, fixed: "atZero", doc: "Adds zLoss × logSumExp² to each row." },
    shift: { default: false, doc: "Scores each token against the next label, without a copy." },
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
          [1, 0],
          [0, 2],
        ],
        [
          [3, 1],
          [1, 0],
          [-2, -1],
        ],
        [0, 1],
      ],
      loss: 1.137888431114,
    },
  ],
  check,
  cpu: async () => (await import("../cpu/linearCrossEntropy.js")).linearCrossEntropyCpu,
  gpu: async () => (await import("../gpu/linearCrossEntropy.js")).planLinearCrossEntropy,
});
