import type { AnyLoss } from "../../index.js";
import { filled, type Made, type Storage, shares, stored, type Twist } from "./inputs.js";
import type { Random } from "./random.js";

/** A kind of batch that only one loss takes, or few. */
export interface Special {
  readonly title: string;
  make(random: Random, storage: Storage): Made;
}

/** Corners in order, so that every box has an inside. */
function boxes(random: Random, count: number): Float32Array {
  const data = filled(4 * count, () => random.between(1, 5));
  for (let i = 0; i < data.length; i++)
    if (i % 4 > 1) data[i] = (data[i] as number) + (data[i - 2] as number);
  return data;
}

function sequences(title: string, tokens: number, classes: number, twist: Twist): Special {
  return {
    title,
    make: (random, storage) => {
      const scale = twist === "huge" ? 1e4 : 3;
      const logits = filled(2 * tokens * classes, () => scale * random.between(-1, 1));
      const labels = Int32Array.from({ length: 2 * tokens }, () => random.below(classes));
      return {
        inputs: [
          stored(logits, [2, tokens, classes], storage),
          stored(labels, [2, tokens], storage),
        ],
        options: {},
      };
    },
  };
}

/** Maps of one row per sample, each input between its own bounds. */
function maps(
  title: string,
  bounds: readonly (readonly [low: number, high: number, columns: number])[],
): Special {
  return {
    title,
    make: (random, storage) => ({
      inputs: bounds.map(([low, high, columns]) =>
        stored(
          filled(5 * columns, () => random.between(low, high)),
          [5, columns],
          storage,
        ),
      ),
      options: {},
    }),
  };
}

const overlap = [
  maps("5 maps of 131 places", [
    [0, 1, 131],
    [0, 1, 131],
  ]),
];

const byLoss: Readonly<Record<string, readonly Special[]>> = {
  dice: overlap,
  tversky: overlap,
  elbo: [
    maps("5 samples of 131 numbers", [
      [-4, 4, 131],
      [0, 1, 131],
      [-2, 2, 9],
      [-2, 2, 9],
    ]),
  ],
  iou: [
    {
      title: "33 boxes",
      make: (random, storage) => ({
        inputs: [0, 1].map(() => stored(boxes(random, 33), [33, 4], storage)),
        options: {},
      }),
    },
  ],
  sequenceLogProbs: [
    sequences("2 sequences of 7 tokens, 131 classes", 7, 131, "plain"),
    sequences("logits of ±10⁴", 3, 33, "huge"),
    sequences("50 257 classes", 1, 50257, "plain"),
  ],
  ctc: [
    {
      title: "11 frames of 7 classes, 4 labels",
      make: (random, storage) => ({
        inputs: [
          stored(shares(random, { rows: 33, columns: 7 }).map(Math.log), [11, 3, 7], storage),
          stored(
            Int32Array.from({ length: 12 }, () => 1 + random.below(6)),
            [3, 4],
            storage,
          ),
        ],
        options: {},
      }),
    },
  ],
  reduce: [maps("5 rows of 131 losses", [[0, 4, 131]])],
};

/** The checks of losses whose inputs no other loss has. */
export const specialOf = ({ spec }: AnyLoss): readonly Special[] => byLoss[spec.name] ?? [];
