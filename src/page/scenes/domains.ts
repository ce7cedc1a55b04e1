import type { AnyLoss } from "../../index.js";

/** Where an input may be moved, and where it stands while another one moves. */
export interface Domain {
  readonly min: number;
  readonly max: number;
  readonly at: number;
  /** The only values that make sense, where there are few. */
  readonly choices?: readonly number[];
}

const span = (min: number, max: number, at: number, choices?: readonly number[]): Domain =>
  choices ? { min, max, at, choices } : { min, max, at };

/** By the input's name, which means the same in every loss. */
const byName: Readonly<Record<string, Domain>> = {
  predictions: span(-5, 5, 0.5),
  targets: span(-5, 5, 0),
  probabilities: span(0.004, 0.996, 0.7),
  logits: span(-8, 8, 1),
  scores: span(-3, 3, 0.5),
  distances: span(0, 3, 0.5),
  first: span(-3, 3, 0),
  second: span(-3, 3, 0),
  means: span(-5, 5, 1),
  variances: span(0.05, 6, 1),
  logVariances: span(-3, 3, 0),
  priorMeans: span(-5, 5, 0),
  priorLogVariances: span(-3, 3, 0),
  logProbs: span(-6, 0, -1),
  referenceLogProbs: span(-6, 0, -2),
  oldLogProbs: span(-3, 0, -1),
  advantages: span(-2, 2, 1),
  values: span(-3, 3, 0.5),
  oldValues: span(-3, 3, 0),
  returns: span(-3, 3, 1),
  policyChosen: span(-30, 10, -10),
  policyRejected: span(-30, 10, -12),
  referenceChosen: span(-30, 10, -10),
  referenceRejected: span(-30, 10, -10),
  reconstructions: span(-5, 5, 0.5),
};

const binary = span(0, 1, 1, [0, 1]);
const signs = span(-1, 1, 1, [-1, 1]);
/** Where a loss reads a name in its own way. */
const byLoss: Readonly<Record<string, Readonly<Record<string, Domain>>>> = {
  bce: { targets: binary },
  bceWithLogits: { targets: binary },
  sigmoidFocal: { targets: binary },
  hinge: { targets: signs },
  squaredHinge: { targets: signs },
  softMargin: { targets: signs },
  hingeEmbedding: { targets: signs },
  marginRanking: { targets: signs },
  poissonNLL: { targets: span(0, 10, 2), predictions: span(-3, 3, 0.5) },
  msle: { targets: span(0, 10, 2), predictions: span(0, 10, 3) },
  mape: { targets: span(0.2, 10, 2), predictions: span(-4, 8, 3) },
  gaussianNLL: { targets: span(-5, 5, 0) },
  ppoClip: { logProbs: span(-2, 0, -1) },
  // Off the tie at 1.8, where float32 and float64 rightly choose different branches.
  valueClip: { values: span(-3.1, 3, 0.5) },
  elbo: { targets: span(0, 1, 1) },
};

/** Where an input of a loss may be moved. */
export function domainOf({ spec }: AnyLoss, input: string): Domain {
  return byLoss[spec.name]?.[input] ?? byName[input] ?? span(-5, 5, 0.5);
}

/** One row of four classes for a row loss's input; undefined where the page knows none. */
export function rowOf({ spec }: AnyLoss, input: string): readonly number[] | undefined {
  return rowsByLoss[spec.name]?.[input] ?? rowsByName[input];
}

const likely = [0.55, 0.25, 0.15, 0.05];
const rowsByName: Readonly<Record<string, readonly number[]>> = {
  logits: [0, 1, 0, -1],
  scores: [0, 1, 0, -1],
  studentLogits: [0, 1, 0, -1],
  targetLogits: [1.5, 0.5, 0, -1],
  teacherLogits: [1.5, 0.5, 0, -1],
  logProbs: [0.25, 0.4, 0.2, 0.15].map(Math.log),
  relevance: [1, 0, 0.5, 0],
};
const rowsByLoss: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  klDivergence: { inputs: [0.25, 0.4, 0.2, 0.15].map(Math.log), targets: likely },
  multilabelSoftMargin: { targets: [1, 0, 1, 0] },
  multilabelMargin: { targets: [0, 2, -1, -1] },
};

/** Losses whose targets are class numbers although their role allows more. */
const indexed = new Set(["crossEntropy"]);
export const takesLabels = ({ spec }: AnyLoss, input: string): boolean =>
  spec.inputs[input] === "labels" || (indexed.has(spec.name) && input === "targets");
