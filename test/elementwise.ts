import * as library from "../src/index.js";
import { type Backend, type LossResult, type Tensor, tensor } from "../src/index.js";
import { normalFrom, randomFrom } from "./random.js";

type Make = (random: () => number, normal: () => number) => number;

/** What an input may hold: how to draw it, and numbers at and beyond the edges of what is usual. */
export interface Kind {
  readonly draw: Make;
  readonly extremes: readonly number[];
}

const wide = [
  0, 1e-30, 1e-4, -1e-4, 0.01, 0.5, -0.5, 1, -1, 3, -8, 8, 20, -20, 80, -100, 1e4, -1e4,
];

export const kinds = {
  real: { draw: (_, normal) => 1.5 * normal(), extremes: [...wide, 1e10, -1e10, 1e18, -1e18] },
  near: { draw: (_, normal) => 1.5 * normal(), extremes: [0, 0.125, -0.125, 0.5, 1, -1, 3] },
  logit: { draw: (_, normal) => 3 * normal(), extremes: [...wide, 1e10, -1e10, 1e38, -1e38] },
  logProb: { draw: (random) => -4 * random(), extremes: [0, -(2 ** -10), -0.5, -1, -8, -20, -80] },
  unit: {
    draw: (random) => 0.05 + 0.9 * random(),
    extremes: [0, 1e-30, 1e-7, 0.25, 0.5, 0.9999999, 1],
  },
  soft: { draw: (random) => random(), extremes: [0, 1, 0.5, 1e-6, 0.999] },
  sign: { draw: (random) => (random() < 0.5 ? -1 : 1), extremes: [1, -1] },
  factor: { draw: (random) => 0.25 + 3 * random(), extremes: [0.25, 1, 4] },
  positive: {
    draw: (random) => 0.25 + 3 * random(),
    extremes: [1e-6, 1e-3, 0.999, 1, 1.001, 50, 1e6],
  },
  rate: { draw: (random) => 0.25 + 3 * random(), extremes: [0, 1e-8, 1e-3, 1, 1.0001, 50, 1e6] },
  count: { draw: (random) => Math.floor(6 * random()), extremes: [0, 1, 1.5, 2, 100, 1e5] },
  aboveMinusOne: {
    draw: (random) => 4 * random() - 0.5,
    extremes: [-0.99, -0.5, -1e-5, 0, 1e-5, 1, 1e6],
  },
  logVariance: {
    draw: (_, normal) => normal(),
    extremes: [0, 2 ** -12, -(2 ** -12), 0.5, -8, 8, 20, -20],
  },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof kinds;
export type Options = Readonly<Record<string, unknown>>;

/** A loss under one setting of its options, with what its inputs may hold. */
export interface Subject {
  readonly title: string;
  readonly name: keyof typeof library;
  readonly inputs: Readonly<Record<string, KindName>>;
  /** Options that are tensors of the losses' shape, or of its last axis. */
  readonly tensors: Readonly<Record<string, KindName>>;
  readonly options: Options;
}

const subjects: Subject[] = [];
function subject(
  name: Subject["name"],
  inputs: Subject["inputs"],
  settings: readonly Options[] = [{}],
  tensors: Subject["tensors"] = {},
): void {
  for (const options of settings) {
    const words = Object.entries(options).map(([key, value]) => `${key} ${value}`);
    const given = Object.keys(tensors).map((key) => `${key} a tensor`);
    const title = [name, ...words, ...given].join(", ");
    subjects.push({ title, name, inputs, tensors, options });
  }
}

const pair = { predictions: "real", targets: "real" } as const;
const binary = { logits: "logit", targets: "soft" } as const;
const scored = { scores: "real", targets: "sign" } as const;
const gaussian = { means: "real", targets: "real" } as const;
const margins = [{}, { margin: 0.5 }];

for (const name of ["mse", "mae", "logCosh"] as const) subject(name, pair);
subject("huber", pair, [{}, { delta: 0.5 }]);
subject("smoothL1", pair, [{}, { beta: 0.5 }, { beta: 0 }]);
subject("quantile", pair, [{}, { tau: 0.9 }]);
subject("bce", { probabilities: "unit", targets: "soft" });
subject("bce", { probabilities: "unit", targets: "soft" }, [{}], { weight: "factor" });
subject("bceWithLogits", binary, [{}, { labelSmoothing: 0.2 }, { posWeight: 4, weight: 0.5 }]);
subject("bceWithLogits", binary, [{ labelSmoothing: 0.2 }], {
  weight: "factor",
  posWeight: "factor",
});
subject("sigmoidFocal", binary, [{}, { alpha: null }, { gamma: 0.5 }, { gamma: 0 }, { gamma: 5 }]);
subject("sigmoidFocal", binary, [{}], { alpha: "soft" });
subject("hinge", scored, [...margins, { kink: "torch" }]);
subject("squaredHinge", scored, margins);
subject("softMargin", scored);
subject("hingeEmbedding", { distances: "rate", targets: "sign" }, [...margins, { kink: "torch" }]);
subject("marginRanking", { first: "real", second: "real", targets: "sign" }, [
  ...margins,
  { kink: "torch" },
]);
subject("gaussianNLL", { ...gaussian, variances: "positive" }, [{}, { full: true }]);
for (const parameter of ["logVariance", "logSigma"]) {
  subject("gaussianNLL", { ...gaussian, variances: "logVariance" }, [
    { parameter },
    { parameter, full: true },
  ]);
}
subject("poissonNLL", { predictions: "logVariance", targets: "count" }, [{}, { full: true }]);
subject("poissonNLL", { predictions: "rate", targets: "count" }, [
  { logInput: false },
  { logInput: false, full: true, eps: 0.125 },
]);
const latent = { means: "real", logVariances: "logVariance" } as const;
subject("gaussianKL", latent);
subject("gaussianKL", latent, [{}], { priorMeans: "real", priorLogVariances: "logVariance" });
subject("msle", { predictions: "aboveMinusOne", targets: "aboveMinusOne" });
subject("mape", pair, [{}, { eps: 0.125 }]);
subject(
  "klPenalty",
  { logProbs: "logProb", referenceLogProbs: "logProb" },
  ["k1", "k2", "k3"].map((estimator) => ({ estimator })),
);
subject("ppoClip", { logProbs: "logProb", oldLogProbs: "logProb", advantages: "real" }, [
  {},
  { clipLow: 0.5, clipHigh: 0.125 },
]);
subject("valueClip", { values: "near", oldValues: "near", returns: "near" }, [{}, { clip: 0.5 }]);
subject(
  "dpo",
  {
    policyChosen: "logProb",
    policyRejected: "logProb",
    referenceChosen: "logProb",
    referenceRejected: "logProb",
  },
  [
    {},
    { variant: "conservative", labelSmoothing: 0.25 },
    { variant: "robust", labelSmoothing: 0.25, beta: 0.5 },
    { variant: "hinge", beta: 0.75 },
    { variant: "ipo", beta: 0.5 },
  ],
);
const roles = ["discriminatorReal", "discriminatorFake", "generator"];
for (const variant of ["minimax", "nonSaturating", "hinge", "leastSquares", "wasserstein"]) {
  subject(
    "gan",
    { logits: "logit" },
    roles.map((role) => ({ variant, role })),
  );
}

/** Every loss of the family under every option that changes its formula. */
export const allSubjects: readonly Subject[] = subjects;

/** Numbers by operand name, in the order of the loss's arguments. */
export type Numbers = Readonly<Record<string, Float32Array>>;

/** `size` usual numbers for each operand. */
export function drawn({ inputs, tensors }: Subject, size: number, seed = 1): Numbers {
  const random = randomFrom(seed);
  const normal = normalFrom(seed + 1);
  return Object.fromEntries(
    Object.entries({ ...inputs, ...tensors }).map(([name, kind]) => [
      name,
      Float32Array.from({ length: size }, () => kinds[kind].draw(random, normal)),
    ]),
  );
}

/** Every pair of extremes of the first two operands, and a choice of them for the others; `more` joins them all. */
export function extreme({ inputs, tensors }: Subject, more: readonly number[] = []): Numbers {
  const operands = Object.entries({ ...inputs, ...tensors });
  const lists = operands.map(([, kind]) => [...kinds[kind].extremes, ...more]);
  const [first = [], second = [0]] = lists;
  const random = randomFrom(7);
  const size = first.length * second.length;
  return Object.fromEntries(
    operands.map(([name], at) => {
      const list = lists[at] as number[];
      const index = (i: number): number =>
        at === 0
          ? i % first.length
          : at === 1
            ? Math.floor(i / first.length)
            : random() * list.length;
      return [
        name,
        Float32Array.from({ length: size }, (_, i) => list[Math.floor(index(i))] as number),
      ];
    }),
  );
}

type AnyLoss = (...args: unknown[]) => Promise<LossResult>;

/** The loss itself, without its types. */
export const lossOf = ({ name }: Subject): AnyLoss =>
  (library as unknown as Record<string, AnyLoss>)[name] as AnyLoss;

/** How numbers become a tensor; by default an f32 one. */
export type Wrap = (numbers: Float32Array, shape: readonly number[], name: string) => Tensor;
const plain: Wrap = (numbers, shape) => tensor(numbers, shape);

/** Calls the loss with these numbers. */
export function run(
  subject: Subject,
  numbers: Numbers,
  backend: Backend,
  options: Options = {},
  shape: readonly number[] = [Object.values(numbers)[0]?.length ?? 0],
  wrap: Wrap = plain,
): Promise<LossResult> {
  const args: Tensor[] = [];
  const tensors: Record<string, Tensor> = {};
  for (const [name, data] of Object.entries(numbers)) {
    const made = wrap(data, shape, name);
    if (name in subject.inputs) args.push(made);
    else tensors[name] = made;
  }
  return lossOf(subject)(...args, { ...subject.options, ...tensors, ...options, backend });
}
