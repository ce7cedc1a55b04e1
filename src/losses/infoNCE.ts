import { fail } from "../errors.js";
import { contrast, contrastOutputs } from "../families/pairwise.js";
import { temperatureOption } from "../families/temperature.js";
import type { Request } from "../request.js";

const both = (request: Request, name: string): never =>
  fail("OPTION", `${request.where("symmetric")} pairs row i with column i: leave out ${name}`);

/**
 * Softmax cross-entropy that picks each query's own key among all keys of the batch.
 * @example
 * const { loss } = await infoNCE([[1, 0], [0, 1]], [[1, 0], [1, 1]], { temperature: 0.2 });
 */
export const infoNCE = /* @__PURE__ */ contrast({
  name: "infoNCE",
  aka: ["in-batch negatives", "contrastive predictive coding"],
  summary: "Softmax cross-entropy that picks each query's own key among all keys of the batch.",
  formula: String.raw`\log\textstyle\sum_j e^{q_i \cdot k_j / \tau} - q_i \cdot k_{y_i} / \tau`,
  reference: "van den Oord, Li, Vinyals 2018, arXiv:1807.03748",
  inputs: { queries: "wrt", keys: "wrt" },
  shapes: { queries: "(N, depth)", keys: "(M, depth)" },
  options: {
    temperature: /* @__PURE__ */ temperatureOption(0.07),
    normalize: { default: true, doc: "Divides every vector by its length first." },
    symmetric: { default: false, doc: "Averages with the loss of keys looking for queries." },
    targets: {
      tensor: "(queries) whole numbers",
      default: null,
      role: "labels",
      doc: "The key that belongs to each query; default is the key of the same row.",
    },
    negatives: {
      tensor: "(extra, depth)",
      default: null,
      role: "wrt",
      doc: "Further keys that belong to no query.",
    },
    excludePositive: {
      default: false,
      doc: "Leaves the positive out of the denominator (decoupled).",
    },
  },
  outputs: contrastOutputs,
  cases: [
    {
      args: [
        [
          [1, 0],
          [0, 1],
        ],
        [
          [1, 0],
          [0, 2],
        ],
      ],
      options: { temperature: 1 },
      loss: 0.313261687518,
    },
  ],
  arrange(request) {
    const { negatives, targets } = request.tensors;
    const symmetric = request.choices.symmetric === true;
    if (symmetric && negatives) both(request, "negatives");
    if (symmetric && targets) both(request, "targets");
    return {
      left: ["queries"],
      right: negatives ? ["keys", "negatives"] : ["keys"],
      metric: request.choices.normalize ? "cosine" : "dot",
      scale: "temperature",
      bias: 0,
      positives: targets ? "index" : "diagonal",
      skipSelf: false,
      skipPositive: request.choices.excludePositive === true,
      symmetric,
    };
  },
});
