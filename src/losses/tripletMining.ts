import { defineLoss } from "../define.js";
import type { Geometry, Metric } from "../families/arrangement.js";
import { checkPairwise } from "../families/pairwise.js";
import { kinkOption } from "../families/rowPairs.js";
import type { Request } from "../request.js";

const metrics: Readonly<Record<string, Metric>> = {
  l2: "euclidean",
  squared: "squared",
  cosine: "cosine",
};

function check(request: Request): Geometry {
  const metric = metrics[request.choices.distance as string] as Metric;
  const isCosine = metric === "cosine";
  return checkPairwise(request, {
    left: ["embeddings"],
    right: ["embeddings"],
    metric,
    scale: isCosine ? -1 : 1,
    bias: isCosine ? 1 : 0,
    positives: "sameLabel",
    skipSelf: true,
    skipPositive: false,
    symmetric: false,
  });
}

/**
 * Triplet loss whose triplets are found in the batch by label: all, the hardest, or the semi-hard ones.
 * @example
 * const { loss } = await tripletMining([[0, 0], [1, 0], [3, 0]], [0, 0, 1], { mining: "hard" });
 */
export const tripletMining = /* @__PURE__ */ defineLoss({
  name: "tripletMining",
  family: "pairwise",
  aka: ["batch-all", "batch-hard", "semi-hard triplets"],
  summary:
    "Triplet loss whose triplets are found in the batch by label: all, the hardest, or the semi-hard ones.",
  formula: String.raw`\operatorname{mean}_{(p, n)} \max(0, d_{ap} - d_{an} + m)`,
  reference: "Hermans, Beyer, Leibe 2017, arXiv:1703.07737; Schroff et al. 2015, arXiv:1503.03832",
  inputs: { embeddings: "wrt", labels: "labels" },
  shapes: { embeddings: "(N, depth)", labels: "(N)" },
  options: {
    margin: { default: 1, above: 0, doc: "How much farther the negative should be." },
    mining: {
      default: "all",
      values: ["all", "hard", "semiHard"],
      doc: "all pairs of an anchor; its farthest positive and nearest negative; or for each positive the nearest negative beyond it, else the farthest.",
    },
    distance: { default: "l2", values: ["l2", "squared", "cosine"], doc: "How far is measured." },
    kink: kinkOption,
  },
  cases: [
    {
      args: [
        [[0], [1], [3]],
        [0, 0, 1],
      ],
      loss: 0,
    },
  ],
  check,
  cpu: async () => (await import("../cpu/mining.js")).miningCpu,
  gpu: async () => (await import("../gpu/mining.js")).planMining,
});
