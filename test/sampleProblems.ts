import * as library from "../src/index.js";
import { type LossResult, type Tensor, tensor } from "../src/index.js";
import { fill, labelsFrom, normalFrom, randomFrom } from "./random.js";

type Named = Readonly<Record<string, unknown>>;

/** A loss over samples, boxes, sequences or ready losses, with inputs to run it on. */
export interface Problem {
  readonly title: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly options: Named;
  /** Inputs and tensor options that gradients flow to. */
  readonly wrt: readonly string[];
  /** Shape of what `mask` and `sampleWeight` belong to; undefined where the loss does not take them. */
  readonly lossShape: readonly number[] | undefined;
  /** It takes all named reductions. */
  readonly reduces: boolean;
}

/** How large the problems are: samples and elements of each. */
export interface Size {
  readonly samples: number;
  readonly length: number;
}
export const small: Size = { samples: 4, length: 5 };

type Loss = (...args: never[]) => Promise<LossResult>;

/** A function of the library by name; one that is no loss has its output in the place of the loss. */
export function lossOf(name: string): Loss {
  const found = (library as unknown as Record<string, Loss>)[name] as Loss;
  return async (...args) => {
    const result = await found(...args);
    const { output } = result as unknown as { output?: Tensor };
    return output ? { ...result, loss: output } : result;
  };
}

/** Runs a problem on a backend, with further options. */
export const solve = (
  { name, inputs, options }: Pick<Problem, "name" | "inputs" | "options">,
  more: Named,
): Promise<LossResult> =>
  lossOf(name)(...([...Object.values(inputs), { ...options, ...more }] as never[]));

const singles = (count: number, make: (at: number) => number): Float32Array =>
  Float32Array.from(fill(count, make));

/** Boxes whose corners are never in line, so that no gradient is at a kink; about half of the pairs overlap. */
export function boxes(count: number, seed: number): { boxes: Tensor; targets: Tensor } {
  const random = randomFrom(seed);
  const one = (): number[] => {
    const [x, y] = [4 * random(), 4 * random()];
    return [x, y, x + 0.5 + 3 * random(), y + 0.5 + 3 * random()];
  };
  const made = (): Tensor =>
    tensor(Float32Array.from(Array.from({ length: count }, one).flat()), [count, 4]);
  return { boxes: made(), targets: made() };
}

const variants = ["iou", "giou", "diou", "ciou"] as const;

/** All problems of one size. */
export function problemsOf({ samples, length }: Size, seed: number): Problem[] {
  const random = randomFrom(seed);
  const normal = normalFrom(seed + 1);
  const matrix = (make: () => number, ...shape: number[]): Tensor =>
    tensor(
      singles(
        shape.reduce((size, extent) => size * extent, 1),
        make,
      ),
      shape,
    );
  const maps = () => ({
    probabilities: matrix(random, samples, length),
    targets: matrix(() => (random() < 0.4 ? 1 : 0.9 * random()), samples, length),
  });
  const autoencoder = (isBernoulli: boolean) => ({
    reconstructions: matrix(() => 2 * normal(), samples, length),
    targets: matrix(isBernoulli ? random : normal, samples, length),
    means: matrix(normal, samples, Math.ceil(length / 2)),
    logVariances: matrix(normal, samples, Math.ceil(length / 2)),
  });
  const sizes = [samples, length] as const;
  // One segment is empty.
  const cut = Math.ceil((samples * length) / 3);
  const segments = tensor(Int32Array.of(0, cut, cut, samples * length), [4]);
  const weights = (): Tensor => matrix(() => 0.25 + random(), ...sizes);
  const losses = (): Tensor => matrix(() => 3 * normal(), ...sizes);
  const perSample = { lossShape: [samples], reduces: true };
  const ready = { name: "reduce", inputs: { losses: losses() }, lossShape: sizes };
  const tokens = {
    name: "sequenceLogProbs",
    inputs: {
      logits: matrix(() => 2 * normal(), samples, length, 7),
      labels: tensor(labelsFrom(seed, samples * length, 7).with(1, -100), [...sizes]),
    },
    wrt: ["logits"],
    lossShape: undefined,
    reduces: false,
  };
  const tokenMask = tensor(
    Uint8Array.from(fill(samples * length, () => (random() < 0.7 ? 1 : 0))),
    [...sizes],
  );
  return [
    ...variants.map((variant) => ({
      ...perSample,
      title: variant,
      name: "iou",
      inputs: boxes(samples, seed),
      options: { variant },
      wrt: ["boxes", "targets"],
    })),
    ...[{}, { smooth: 0.125 }].map((options) => ({
      ...perSample,
      title: `dice ${JSON.stringify(options)}`,
      name: "dice",
      inputs: maps(),
      options,
      wrt: ["probabilities", "targets"],
    })),
    ...[{}, { alpha: 0.3, beta: 0.7 }, { alpha: 1, beta: 1, smooth: 0 }].map((options) => ({
      ...perSample,
      title: `tversky ${JSON.stringify(options)}`,
      name: "tversky",
      inputs: maps(),
      options,
      wrt: ["probabilities", "targets"],
    })),
    ...[{}, { reconstruction: "gaussian", beta: 0.25 }].map((options) => ({
      ...perSample,
      title: `elbo ${JSON.stringify(options)}`,
      name: "elbo",
      inputs: autoencoder(!("reconstruction" in options)),
      options,
      wrt: ["reconstructions", "targets", "means", "logVariances"],
    })),
    { ...ready, title: "reduce", options: {}, wrt: ["losses"], reduces: true },
    {
      ...ready,
      title: "reduce with weights",
      options: { weights: weights() },
      wrt: ["losses", "weights"],
      reduces: true,
    },
    ...(["sum", "mean", "meanCount", "weightedMean", "sequenceMean", "batchMean"] as const).map(
      (reduction) => ({
        ...ready,
        title: `reduce in segments, ${reduction}`,
        options: { segments, weights: weights(), reduction, emptyMean: "zero" },
        wrt: ["losses", "weights"],
        reduces: false,
      }),
    ),
    ...[
      {},
      { average: true, mask: tokenMask },
      { shift: true },
      { shift: true, average: true },
    ].map((options) => ({ ...tokens, title: `sequenceLogProbs ${Object.keys(options)}`, options })),
    { ...tokens, title: "sequenceLogProbs at a temperature", options: { temperature: 0.6 } },
    {
      title: "combine",
      name: "combine",
      inputs: { losses: matrix(() => 0.1 + random(), samples) },
      options: { weights: matrix(() => 0.1 + random(), samples) },
      wrt: ["losses", "weights"],
      lossShape: undefined,
      reduces: false,
    },
    {
      title: "l2Penalty",
      name: "l2Penalty",
      inputs: { parameters: losses() },
      options: { lambda: 0.02 },
      wrt: ["parameters"],
      lossShape: sizes,
      reduces: false,
    },
  ];
}
