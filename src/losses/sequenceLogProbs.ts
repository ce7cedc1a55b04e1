import { defineLoss } from "../define.js";
import { fail } from "../errors.js";
import { expectLabels } from "../labels.js";
import type { Request } from "../request.js";
import { sizeOf } from "../tensor.js";
import { checkLogits, warnIfDistributions } from "../warn.js";
import type { Geometry } from "./crossEntropy.js";

function check(request: Request): Geometry {
  request.expectFloat("logits");
  const { shape } = request.get("logits");
  if (!shape || shape.length < 2) {
    const got = shape ? `shape [${shape}]` : `${request.get("logits").size} elements`;
    fail(
      "SHAPE_MISMATCH",
      `sequenceLogProbs: logits has ${got}, expected [sequences, tokens, classes]; use tensor(logits, shape)`,
    );
  }
  const classes = shape.at(-1) as number;
  const lossShape = shape.slice(0, -1);
  if (classes === 0) {
    fail("SHAPE_MISMATCH", `sequenceLogProbs: logits of shape [${shape}] have no classes`);
  }
  request.expectShape("labels", lossShape, "(one label per token)");
  expectLabels(request, "labels", classes);
  request.expectCommon(lossShape, lossShape.slice(0, -1));
  warnIfDistributions(request, "logits", classes);
  const shift = request.choices.shift ? (lossShape.at(-1) as number) : 0;
  return { rows: sizeOf(lossShape), classes, classStride: 1, lossShape, soft: false, shift };
}

/**
 * Log-probability of whole sequences of labels, summed or averaged over their tokens, without a softmax in memory.
 * @example
 * const logits = tensor(new Float32Array(2 * 3 * 5), [2, 3, 5]);
 * const { output } = await sequenceLogProbs(logits, [[1, 2, 3], [0, 4, -100]], { average: true });
 */
export const sequenceLogProbs = /* @__PURE__ */ defineLoss({
  name: "sequenceLogProbs",
  family: "preference",
  aka: ["log-probs of completions", "get_batch_logps"],
  summary:
    "Log-probability of whole sequences of labels, summed or averaged over their tokens, without a softmax in memory.",
  formula: String.raw`\textstyle\sum_t m_t \left(z_{t, y_t} - \log \sum_c e^{z_{t, c}}\right)`,
  reference: "Rafailov et al. 2023, arXiv:2305.18290, the sequence probabilities of DPO",
  inputs: { logits: "wrt", labels: "labels" },
  shapes: { logits: "(sequences, tokens, classes)", labels: "(sequences, tokens)" },
  options: {
    mask: {
      tensor: "(sequences, tokens)",
      role: "data",
      doc: "0 or 1 (or a factor) per token: what has 0 is never read.",
    },
    average: { default: false, doc: "Divides by the sum of the sequence's mask." },
    shift: { default: false, doc: "Scores each token against the next label, without a copy." },
    ignoreIndex: {
      default: -100,
      integer: true,
      fixed: "always",
      doc: "Tokens with this label take no part.",
    },
    temperature: {
      default: 1,
      above: 0,
      doc: "Divides the logits: the temperature that was sampled at.",
    },
    checkLogits,
  },
  result: "output",
  cases: [
    {
      args: [
        [
          [
            [0, 0],
            [0, 0],
          ],
        ],
        [[1, 0]],
      ],
      loss: [-2 * Math.LN2],
    },
  ],
  check,
  cpu: async () => (await import("../cpu/sequenceLogProbs.js")).sequenceLogProbsCpu,
  gpu: async () => (await import("../gpu/sequenceLogProbs.js")).planSequenceLogProbs,
});
