import type { Argument } from "../argument.js";
import { defineLoss } from "../define.js";
import { rowGeometry } from "../families/rowShape.js";
import { temperatureOption } from "../families/temperature.js";
import type { Request } from "../request.js";
import type { CpuPath, GpuPath } from "../spec.js";
import type { Geometry } from "./crossEntropy.js";

// Scores are logits and the positive is class 0, so that this is cross-entropy with nothing to choose:
// its kernels and its float64 path serve as they are.

function check(request: Request): Geometry {
  const { rows, classes, lossShape } = rowGeometry(request, "scores");
  request.expectShape("temperature", [], "(one number)");
  request.expectFloat("temperature");
  return { rows, classes, classStride: 1, lossShape, soft: false, shift: 0 };
}

/** The same request as cross-entropy reads it. */
function asLogits(request: Request, targets?: Argument): Request {
  const { scores, ...others } = request.tensors;
  const place = request.gradients.scores;
  const off = { ignoreIndex: -100, labelSmoothing: 0, softcap: 0, zLoss: 0 };
  return Object.assign(Object.create(request) as Request, {
    tensors: { ...others, logits: scores, ...(targets ? { targets } : {}) },
    numbers: { ...request.numbers, ...off },
    gradients: { ...request.gradients, ...(place ? { logits: place } : {}) },
  });
}

async function cpu(): Promise<CpuPath<Geometry>> {
  const { Argument } = await import("../argument.js");
  const { crossEntropyCpu } = await import("../cpu/crossEntropy.js");
  const path: CpuPath<Geometry> = (request, geometry, room) => {
    const { rows, lossShape } = geometry;
    const data = new Int32Array(rows);
    const targets = new Argument("targets", "i32", lossShape, { kind: "host", data }, rows);
    const outcome = crossEntropyCpu(asLogits(request, targets), geometry, (_, size) =>
      room("scores", size),
    );
    const { logits, ...others } = outcome.gradients;
    return { ...outcome, gradients: { ...others, ...(logits ? { scores: logits } : {}) } };
  };
  const load: CpuPath<Geometry>["load"] = (call) =>
    crossEntropyCpu.load(call && { ...call, request: asLogits(call.request) });
  return Object.assign(path, { load });
}

async function gpu(): Promise<GpuPath<Geometry>> {
  const { planCrossEntropy } = await import("../gpu/crossEntropy.js");
  const plan: GpuPath<Geometry> = (request, geometry, on) => {
    const program = planCrossEntropy(asLogits(request), geometry, on);
    const { "gradients.logits": gradient, ...views } = program.views;
    return {
      ...program,
      label: "infoNCEScores",
      views: { ...views, ...(gradient ? { "gradients.scores": gradient } : {}) },
    };
  };
  const load: GpuPath<Geometry>["load"] = (call) =>
    planCrossEntropy.load(call && { ...call, request: asLogits(call.request) });
  return Object.assign(plan, { load });
}

/**
 * InfoNCE on given scores: one row for each query, its positive in column 0 and its negatives behind it.
 * @example
 * const { loss } = await infoNCEScores([[2, -3, -2.5, -2]], { temperature: 1 });
 */
export const infoNCEScores = /* @__PURE__ */ defineLoss({
  name: "infoNCEScores",
  family: "pairwise",
  aka: ["negative sampling", "sampled softmax"],
  summary:
    "InfoNCE on given scores: one row for each query, its positive in column 0 and its negatives behind it.",
  formula: String.raw`\log\textstyle\sum_j e^{s_j / \tau} - s_0 / \tau`,
  reference: "van den Oord, Li, Vinyals 2018, arXiv:1807.03748",
  inputs: { scores: "wrt" },
  shapes: { scores: "(…, 1 + negatives)" },
  options: { temperature: /* @__PURE__ */ temperatureOption(1) },
  outputs: {
    logSumExp: "log of the sum of exponentials, per row",
    logProbs: "log-probability of the positive, per row",
    entropy: "entropy of the softmax, per row",
    correct: "1 where the largest score is the positive's, per row",
    perplexity: "exp of the reduced loss",
  },
  cases: [
    { args: [[[2, -3, -2.5, -2]]], loss: 0.035524064368 },
    { args: [[[2, 1.8, 1.6, 1.4]]], loss: 1.111154121782 },
  ],
  check,
  cpu,
  gpu,
});
