import * as library from "../src/index.js";
import { type LossResult, type Tensor, tensor } from "../src/index.js";
import { fill, labelsFrom, normalFrom, randomFrom } from "./random.js";

type Named = Readonly<Record<string, unknown>>;
export type RowFunction = (...args: never[]) => Promise<LossResult>;

/** A row loss with inputs to run it on, and the settings that make a difference to it. */
export interface RowLoss {
  readonly name: string;
  /** Inputs and tensor options that gradients flow to. */
  readonly wrt: readonly string[];
  readonly settings: readonly Named[];
  /** Scores that a NaN or an infinity may be put into. */
  readonly scores: readonly string[];
  /** Inputs and options from rows of scores, further such rows, and a label for each row. */
  make(rows: Rows): { readonly inputs: Readonly<Record<string, Tensor>>; readonly options: Named };
}

/** What the inputs are made of. Numbers are exact in float32, so that both backends see the same. */
export interface Rows {
  readonly rows: number;
  readonly classes: number;
  readonly scores: Float32Array;
  readonly others: Float32Array;
  readonly labels: Int32Array;
  readonly seed: number;
}

/** A loss of the library by name; a function that is no loss has its output in the place of the loss. */
export function rowFunctionNamed(name: string): RowFunction {
  const found = (library as unknown as Record<string, RowFunction>)[name] as RowFunction;
  return async (...args) => {
    const result = await found(...args);
    const { output } = result as unknown as { output?: Tensor };
    return output ? { ...result, loss: output } : result;
  };
}

/** Standard normal scores, times `spread`. */
export function normalRows(rows: number, classes: number, seed: number, spread = 2): Rows {
  const normal = normalFrom(seed);
  const numbers = (): Float32Array =>
    Float32Array.from(fill(rows * classes, () => spread * normal()));
  return {
    ...{ rows, classes, seed, scores: numbers(), others: numbers() },
    labels: labelsFrom(seed + 1, rows, classes),
  };
}

const matrix = (data: Float32Array, { rows, classes }: Rows): Tensor =>
  tensor(data, [rows, classes]);
const labelsOf = ({ labels, rows }: Rows): Tensor => tensor(labels, [rows]);

/** Each row as probabilities, or as their logarithms. */
function normalized(data: Float32Array, classes: number, log: boolean): Float32Array {
  const out = new Float32Array(data.length);
  for (let base = 0; base < data.length; base += classes) {
    const row = data.subarray(base, base + classes);
    const max = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const sum = row.reduce((total, x) => total + Math.exp(x - max), 0);
    for (const [at, x] of row.entries()) {
      // No subnormal numbers, which a GPU may take for 0.
      const p = Math.exp(x - max) / sum;
      out[base + at] = log ? x - max - Math.log(sum) : p < 1e-37 ? 0 : p;
    }
  }
  return out;
}

const perClass = ({ classes, seed }: Rows): Tensor => {
  const random = randomFrom(seed + 7);
  return tensor(Float32Array.from(fill(classes, () => 0.25 + random())), [classes]);
};
const positive = ({ rows, classes, seed }: Rows): Float32Array => {
  const random = randomFrom(seed + 8);
  return Float32Array.from(fill(rows * classes, random));
};

const labelled = (name: string, first: string, settings: readonly Named[]): RowLoss => ({
  ...{ name, wrt: [first], settings, scores: [first] },
  make: (rows) => ({
    inputs: { [first]: matrix(rows.scores, rows), targets: labelsOf(rows) },
    options: {},
  }),
});

const twoRows = (
  name: string,
  [first, second]: readonly [string, string],
  settings: readonly Named[],
): RowLoss => ({
  ...{ name, wrt: [first, second], settings, scores: [first, second] },
  make: (rows) => ({
    inputs: { [first]: matrix(rows.scores, rows), [second]: matrix(rows.others, rows) },
    options: {},
  }),
});

const forms = ["logits", "logProbs", "probs"] as const;
const inForm = (data: Float32Array, form: string, rows: Rows): Tensor =>
  matrix(form === "logits" ? data : normalized(data, rows.classes, form === "logProbs"), rows);

const divergence = (inputForm: string, targetForm: string): RowLoss => ({
  name: "klDivergence",
  wrt: ["inputs", "targets"],
  scores: ["inputs", "targets"],
  settings: [{}, { direction: "reverse" }, { unit: "bits" }],
  make: (rows) => ({
    inputs: {
      inputs: inForm(rows.scores, inputForm, rows),
      targets: inForm(rows.others, targetForm, rows),
    },
    options: { inputForm, targetForm },
  }),
});

/** With an option that is a tensor made from the rows. */
const having = (loss: RowLoss, name: string, tensorOf: (rows: Rows) => Tensor): RowLoss => ({
  ...loss,
  make: (rows) => {
    const { inputs, options } = loss.make(rows);
    return { inputs, options: { ...options, [name]: tensorOf(rows) } };
  },
});

const focalSettings = [{}, { gamma: 0 }, { gamma: 0.5 }, { alpha: 0.25, gamma: 5 }];
const focal = labelled("softmaxFocal", "logits", focalSettings);
const margins = [{}, { p: 2 }, { margin: 0.5 }];
const multiMargin = labelled("multiMargin", "scores", margins);
const softMargin: RowLoss = {
  ...{
    name: "multilabelSoftMargin",
    wrt: ["logits", "targets"],
    settings: [{}],
    scores: ["logits"],
  },
  make: (rows) => ({
    inputs: { logits: matrix(rows.scores, rows), targets: matrix(positive(rows), rows) },
    options: {},
  }),
};
const listwise: RowLoss = {
  ...{ name: "listwiseSoftmax", wrt: ["scores", "relevance"], settings: [{}], scores: ["scores"] },
  make: (rows) => ({
    inputs: { scores: matrix(rows.scores, rows), relevance: matrix(positive(rows), rows) },
    options: {},
  }),
};
/** Every row lists its label, and then as many more as chance wants. */
const lists = ({ rows, classes, labels, seed }: Rows): Tensor => {
  const random = randomFrom(seed + 9);
  const data = new Int32Array(rows * classes).fill(-1);
  for (let row = 0; row < rows; row++) {
    let label = labels[row] as number;
    for (let at = 0; at < Math.min(classes, 20) && (at === 0 || random() < 0.7); at++) {
      data[row * classes + at] = label;
      label = (label + 1) % classes;
    }
  }
  return tensor(data, [rows, classes]);
};
const costs = ({ classes, seed }: Rows): Tensor => {
  const random = randomFrom(seed + 10);
  return tensor(Float32Array.from(fill(classes * classes, () => 5 * random())), [classes, classes]);
};
const oneInput = (name: string): RowLoss => ({
  ...{ name, wrt: ["logits"], settings: [{}], scores: ["logits"] },
  make: (rows) => ({ inputs: { logits: matrix(rows.scores, rows) }, options: {} }),
});

/** Losses with one value for each row. */
export const rowLosses: readonly RowLoss[] = [
  labelled("nll", "logProbs", [{}]),
  having(labelled("nll", "logProbs", [{ ignoreIndex: 1 }]), "weight", perClass),
  ...forms.flatMap((one) => forms.map((other) => divergence(one, other))),
  twoRows("jsd", ["logits", "targetLogits"], [{}, { beta: 0.1 }]),
  twoRows("totalVariation", ["logits", "targetLogits"], [{}]),
  { ...oneInput("entropy"), settings: [{}, { unit: "bits" }] },
  twoRows("distillation", ["studentLogits", "teacherLogits"], [{}, { temperature: 3 }]),
  focal,
  having({ ...focal, settings: [{}, { ignoreIndex: 2 }] }, "alpha", perClass),
  labelled("poly", "logits", [{}, { epsilon: -0.5, ignoreIndex: 0 }]),
  labelled("generalizedCrossEntropy", "logits", [{}, { q: 0.1 }, { q: 1, ignoreIndex: 1 }]),
  multiMargin,
  having(multiMargin, "weight", perClass),
  {
    ...{ name: "multilabelMargin", wrt: ["scores"], settings: [{}], scores: ["scores"] },
    make: (rows) => ({
      inputs: { scores: matrix(rows.scores, rows), targets: lists(rows) },
      options: {},
    }),
  },
  softMargin,
  having(softMargin, "weight", perClass),
  having(labelled("costMatrix", "logits", [{}]), "costs", costs),
  listwise,
  having(listwise, "itemMask", (rows) => {
    const random = randomFrom(rows.seed + 11);
    const bits = Uint8Array.from({ length: rows.rows * rows.classes }, () => +(random() < 0.7));
    return tensor(bits, [rows.rows, rows.classes]);
  }),
];

/** Functions whose output is not reduced. */
export const rowFunctions: readonly RowLoss[] = ["logSoftmax", "softmax", "logSumExp"].map(
  oneInput,
);

/** Frames of log-probabilities with labels that fit them; `sequences` of different lengths. */
export function ctcProblem(
  frames: number,
  sequences: number,
  classes: number,
  labels: number,
  seed: number,
): { inputs: Readonly<Record<string, Tensor>>; options: Named } {
  const normal = normalFrom(seed);
  const random = randomFrom(seed + 1);
  const scores = Float32Array.from(fill(frames * sequences * classes, () => 2 * normal()));
  const whole = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const numbers = (count: number, make: () => number) => Int32Array.from({ length: count }, make);
  return {
    inputs: {
      logProbs: tensor(normalized(scores, classes, true), [frames, sequences, classes]),
      targets: tensor(
        numbers(sequences * labels, () => whole(1, classes - 1)),
        [sequences, labels],
      ),
    },
    options: {
      inputLengths: numbers(sequences, () => whole(Math.ceil(0.7 * frames), frames)),
      targetLengths: numbers(sequences, () => whole(Math.ceil(labels / 2), labels)),
    },
  };
}

/** What a setting is called in a title. */
export const titleOf = (name: string, ...options: readonly Named[]): string => {
  const words = options.flatMap((each) =>
    Object.entries(each).map(([key, value]) =>
      typeof value === "object" ? key : `${key} ${value}`,
    ),
  );
  return words.length > 0 ? `${name} (${words.join(", ")})` : name;
};
