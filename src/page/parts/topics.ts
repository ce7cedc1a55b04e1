import type { AnyLoss } from "../../index.js";
import { words } from "./format.js";
import { losses } from "./registry.js";

/** What people come for, and the losses that they look for there. A loss that is named nowhere stands under its family. */
const topics: Readonly<Record<string, string>> = {
  Regression: "mse mae huber smoothL1 logCosh quantile msle mape poissonNLL gaussianNLL",
  "Yes or no": "bce bceWithLogits sigmoidFocal",
  "One of many classes":
    "crossEntropy linearCrossEntropy nll softmaxFocal poly generalizedCrossEntropy costMatrix multilabelSoftMargin ctc sequenceLogProbs",
  "Margins and ranking":
    "hinge squaredHinge softMargin hingeEmbedding marginRanking multiMargin multilabelMargin listwiseSoftmax",
  Distributions: "klDivergence jsd totalVariation entropy distillation gaussianKL gaussianKLFull",
  Embeddings:
    "infoNCE infoNCEScores clip sigLIP ntXent supCon dcl triplet tripletMining contrastive cosineEmbedding similarityMatrix",
  "Preferences and policies": "dpo ppoClip valueClip klPenalty",
  "Generative models": "elbo gan",
  "Boxes and masks": "iou dice tversky",
  Functions: "softmax logSoftmax logSumExp l2Penalty",
};

const topicOf = new Map(
  Object.entries(topics).flatMap(([topic, names]) => names.split(" ").map((name) => [name, topic])),
);

/** The registry by topic, each in the order above; families that no topic knows come last. */
export function byTopic(): Map<string, AnyLoss[]> {
  const groups = new Map<string, AnyLoss[]>(Object.keys(topics).map((topic) => [topic, []]));
  for (const loss of losses) {
    const { name, family } = loss.spec;
    const topic =
      topicOf.get(name) ?? words(family).replace(/^./, (letter) => letter.toUpperCase());
    groups.set(topic, [...(groups.get(topic) ?? []), loss]);
  }
  for (const [topic, members] of groups) {
    const order = (topics[topic] ?? "").split(" ");
    members.sort((a, b) => order.indexOf(a.spec.name) - order.indexOf(b.spec.name));
    if (members.length === 0) groups.delete(topic);
  }
  return groups;
}
