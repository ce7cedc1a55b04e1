import type { Geometry, ScaleRule } from "../families/arrangement.js";
import type { Request } from "../request.js";
import type { CpuArray, CpuOutcome } from "../spec.js";
import {
  countDegenerate,
  partGradient,
  projectBack,
  readVectors,
  similaritiesOf,
} from "./embeddings.js";
import { type Factors, reduceValues, rowFactors } from "./factors.js";

/** The matrix of similarities; a score is scale × similarity + bias. */
export interface Scores {
  readonly scores: Float64Array;
  readonly scale: number;
  readonly bias: number;
}

/** What a loss makes of the scores: one value a row, and the weighted slope of each score. */
export interface Judgement {
  readonly values: Float64Array;
  /** (rows, columns): gradient factor × slope of the loss, with respect to the score. */
  readonly slopes: Float64Array;
  readonly outputs: Readonly<Record<string, Float64Array>>;
}

export type Judge = (
  scores: Scores,
  request: Request,
  geometry: Geometry,
  factors: Factors,
) => Judgement;

/** The number that a tensor or number option gives. */
const scalarOf = (request: Request, name: string): number =>
  request.tensors[name]?.values()[0] ?? request.number(name);

export function scaleOf(request: Request, rule: ScaleRule): number {
  if (typeof rule === "number") return rule;
  const given = scalarOf(request, rule);
  if (rule === "temperature") return 1 / given;
  return rule === "logitScale" ? Math.exp(given) : given;
}

export const biasOf = (request: Request, rule: "bias" | number): number =>
  typeof rule === "number" ? rule : scalarOf(request, rule);

/** Gradients of the learned scalars, from the slopes of the scores. */
export function scalarGradients(
  request: Request,
  { scale: rule, bias }: { readonly scale: ScaleRule; readonly bias: "bias" | number },
  similarities: Float64Array,
  slopes: Float64Array,
): Record<string, CpuArray> {
  const gradients: Record<string, CpuArray> = {};
  let pull = 0;
  let shift = 0;
  for (let at = 0; at < slopes.length; at++) {
    const g = slopes[at] as number;
    if (g === 0) continue;
    pull += g * (similarities[at] as number);
    shift += g;
  }
  if (typeof rule === "string" && request.gradients[rule]) {
    const scale = scaleOf(request, rule);
    const chain = rule === "temperature" ? -scale * scale : rule === "logitScale" ? scale : 1;
    gradients[rule] = { shape: [], data: Float64Array.of(chain * pull) };
  }
  if (bias === "bias" && request.gradients.bias) {
    gradients.bias = { shape: [], data: Float64Array.of(shift) };
  }
  return gradients;
}

/** A loss on the similarities of two sets of vectors, in float64. */
export function pairwiseCpu(
  request: Request,
  geometry: Geometry,
  judge: Judge,
  takesPart: (row: number) => boolean = () => true,
): CpuOutcome {
  const { arrangement, left: parts, right: columnParts, shared, depth, lossShape } = geometry;
  const { metric, scale: rule, bias: biasRule, symmetric } = arrangement;
  const factors = rowFactors(request, lossShape, (row) => (takesPart(row) ? 1 : undefined));
  // Where rows are nobody's candidates, those that take no part are never read.
  const alone = !shared && !symmetric;
  const left = readVectors(request, parts, depth, metric, (row) =>
    alone ? factors.active[row] === 1 : true,
  );
  const right = shared ? left : readVectors(request, columnParts, depth, metric);
  const similarities = similaritiesOf(left, right, metric);
  const scale = scaleOf(request, rule);
  const bias = biasOf(request, biasRule);
  const judged = judge({ scores: similarities, scale, bias }, request, geometry, factors);

  const values = judged.values.map((value, row) =>
    factors.active[row] ? value * (factors.value[row] as number) : 0,
  );
  const { loss, stats } = reduceValues(request, lossShape, values, factors);
  const gradients = scalarGradients(request, arrangement, similarities, judged.slopes);
  const named = [...parts, ...(shared ? [] : columnParts)];
  if (named.some(({ name }) => request.gradients[name])) {
    const scaled = judged.slopes.map((slope) => slope * scale);
    const back = projectBack(scaled, similarities, left, right, metric);
    for (const [vectors, gradient, list] of [
      [left, back.left, parts],
      [right, back.right, shared ? [] : columnParts],
    ] as const) {
      for (const part of list) {
        if (request.gradients[part.name])
          gradients[part.name] = partGradient(vectors, gradient, part);
      }
    }
  }
  const outputs: Record<string, CpuArray> = {};
  for (const name of request.outputs) {
    const data = judged.outputs[name];
    if (data) outputs[name] = { shape: lossShape, data };
  }
  if (request.outputs.has("mutualInformation")) {
    const candidates = geometry.columns - (arrangement.skipSelf ? 1 : 0);
    const bound = Math.log(candidates) - (loss.data[0] as number);
    outputs.mutualInformation = { shape: [], data: Float64Array.of(bound) };
  }
  const degenerate = countDegenerate(left) + (shared ? 0 : countDegenerate(right));
  return { loss, gradients, outputs, stats: { ...stats, degenerate } };
}
