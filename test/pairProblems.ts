import { type Tensor, tensor } from "../src/index.js";
import { fill, labelsFrom, normalFrom } from "./random.js";

type Named = Readonly<Record<string, unknown>>;

/** Vectors of a batch: rows that belong together resemble each other. */
export interface Vectors {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** (rows, depth) */
  readonly a: Tensor;
  readonly b: Tensor;
  readonly c: Tensor;
  /** (columns, depth), its first rows those of `b`. */
  readonly more: Tensor;
  readonly labels: Tensor;
  readonly seed: number;
}

/** What is done to each row of normal vectors: left alone, scaled, made equal to another … */
export type Shape = (row: number) => { readonly factor: number; readonly like?: number };

const plain: Shape = () => ({ factor: 1 });

function shaped(numbers: Float64Array, rows: number, depth: number, shape: Shape): Float64Array {
  const out = new Float64Array(rows * depth);
  for (let row = 0; row < rows; row++) {
    const { factor, like = row } = shape(row);
    for (let k = 0; k < depth; k++) {
      out[row * depth + k] = factor * (numbers[like * depth + k] as number);
    }
  }
  return out;
}

export function vectorsOf(
  rows: number,
  depth: number,
  seed: number,
  { columns = rows, shape = plain }: { columns?: number; shape?: Shape } = {},
): Vectors {
  const normal = normalFrom(seed);
  const base = fill(columns * depth, normal);
  const near = (): Float64Array => base.map((x) => x + 0.75 * normal());
  const matrix = (numbers: Float64Array, count: number): Tensor =>
    tensor(Float32Array.from(shaped(numbers, count, depth, shape)), [count, depth]);
  const other = near();
  return {
    rows,
    columns,
    depth,
    a: matrix(base, rows),
    b: matrix(other, rows),
    c: matrix(near(), rows),
    more: matrix(other, columns),
    labels: tensor(labelsFrom(seed, rows, Math.max(Math.ceil(rows / 3), 1)), [rows]),
    seed,
  };
}

/** A call of one of the losses on pairs. */
export interface PairProblem {
  readonly loss: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly options: Named;
  /** What gradients are asked of. */
  readonly wrt: readonly string[];
}
export interface PairLoss {
  readonly title: string;
  /** Fewer rows than this leave nothing to compare. */
  readonly least?: number;
  make(vectors: Vectors): PairProblem;
}

const scalar = (value: number): Tensor => tensor(Float64Array.of(value), [], { dtype: "f32" });
const f32 = (rows: number, make: (row: number) => number): Tensor =>
  tensor(Float32Array.from(fill(rows, make)), [rows]);

type Maker = (vectors: Vectors) => Omit<PairProblem, "loss" | "wrt"> & { wrt?: readonly string[] };

function problem(loss: string, words: string, make: Maker, least?: number): PairLoss {
  return {
    title: words ? `${loss}, ${words}` : loss,
    ...(least ? { least } : {}),
    make(vectors) {
      const { inputs, options, wrt } = make(vectors);
      const learned = Object.keys(options).filter((name) =>
        ["temperature", "logitScale", "scale", "bias", "negatives"].includes(name),
      );
      const tensors = learned.filter((name) => typeof options[name] === "object");
      const data = ["labels", "targets"];
      const names = Object.keys(inputs).filter((name) => !data.includes(name));
      return { loss, inputs, options, wrt: wrt ?? [...names, ...tensors] };
    },
  };
}

const queries = ({ a, b }: Vectors) => ({ queries: a, keys: b });
const views = ({ a, b }: Vectors) => ({ a, b });
const pictures = ({ a, b }: Vectors) => ({ images: a, texts: b });

const contrastive: readonly PairLoss[] = [
  problem("infoNCE", "", (v) => ({ inputs: queries(v), options: { temperature: scalar(0.25) } })),
  problem("infoNCE", "symmetric", (v) => ({
    inputs: queries(v),
    options: { temperature: scalar(0.125), symmetric: true },
  })),
  problem("infoNCE", "more keys, targets and extra negatives", (v) => ({
    inputs: { queries: v.a, keys: v.more },
    options: {
      temperature: 0.5,
      negatives: v.c,
      targets: tensor(labelsFrom(v.seed + 1, v.rows, v.columns), [v.rows]),
    },
  })),
  problem(
    "infoNCE",
    "positive excluded",
    (v) => ({ inputs: queries(v), options: { temperature: scalar(0.5), excludePositive: true } }),
    2,
  ),
  problem("infoNCE", "not normalised", (v) => ({
    inputs: queries(v),
    options: { temperature: scalar(4 * v.depth), normalize: false },
  })),
  problem("clip", "", (v) => ({ inputs: pictures(v), options: { logitScale: scalar(1.5) } })),
  problem("ntXent", "", (v) => ({ inputs: views(v), options: { temperature: scalar(0.25) } })),
  problem("dcl", "", (v) => ({ inputs: views(v), options: { temperature: scalar(0.5) } }), 2),
  problem("supCon", "", (v) => ({
    inputs: { features: v.a, labels: v.labels },
    options: { temperature: scalar(0.25) },
  })),
  problem("sigLIP", "", (v) => ({
    inputs: pictures(v),
    options: { scale: scalar(8), bias: scalar(-4) },
  })),
];

const mined: readonly PairLoss[] = ["all", "hard", "semiHard"].flatMap((mining) =>
  ["l2", "squared", "cosine"].map((distance) =>
    problem("tripletMining", `${mining}, ${distance}`, (v) => ({
      inputs: { embeddings: v.a, labels: v.labels },
      options: { mining, distance, margin: 0.5 },
    })),
  ),
);

const paired: readonly PairLoss[] = [
  ...[
    {},
    { swap: true },
    { distance: "squared" },
    { distance: "cosine", swap: true },
    { distance: "p", p: 1 },
    { distance: "p", p: 3, swap: true },
    { distance: "p", p: 1.5 },
    { distance: "p", p: Number.POSITIVE_INFINITY },
    { eps: 1e-6 },
  ].map((options) =>
    problem("triplet", Object.values(options).join(", "), (v) => ({
      inputs: { anchors: v.a, positives: v.b, negatives: v.c },
      options: { margin: 1.5, ...options },
    })),
  ),
  problem("contrastive", "", (v) => ({
    inputs: { a: v.a, b: v.b, targets: f32(v.rows, (row) => row % 2) },
    options: { margin: Math.sqrt(v.depth) },
    wrt: ["a", "b"],
  })),
  problem("cosineEmbedding", "", (v) => ({
    inputs: { a: v.a, b: v.b, targets: f32(v.rows, (row) => (row % 2) * 2 - 1) },
    options: { margin: 0.25 },
    wrt: ["a", "b"],
  })),
  problem("infoNCEScores", "", (v) => ({
    inputs: { scores: v.a },
    options: { temperature: scalar(0.5) },
  })),
];

/** Every loss on pairs with its options; those of a matrix first. */
export const matrixLosses: readonly PairLoss[] = [...contrastive, ...mined];
export const pairLosses: readonly PairLoss[] = [...matrixLosses, ...paired];

/** The similarity matrix is a function: its gradients are for `upstream`. */
export const matrices: readonly PairLoss[] = ["cosine", "dot", "euclidean"].map((metric) =>
  problem("similarityMatrix", metric, (v) => {
    const normal = normalFrom(v.seed + 7);
    const upstream = Float32Array.from(fill(v.rows * v.columns, normal));
    return {
      inputs: { a: v.a, b: v.more },
      options: {
        metric,
        scale: scalar(2),
        bias: scalar(-0.5),
        upstream: tensor(upstream, [v.rows, v.columns]),
      },
    };
  }),
);
