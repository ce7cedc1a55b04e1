import { describe, expect, test } from "vitest";
import { LossError, openBackend, tensor } from "../../src/index.js";
import { lossNamed } from "../oracle.js";

const backend = await openBackend({ kind: "cpu" });

const pair = [
  [1, 0],
  [0, 1],
];
const three = [...pair, [1, 1]];
const deeper = [
  [1, 0, 2],
  [0, 1, 2],
];
const flat = new Float32Array(4);

type Bad = readonly [
  title: string,
  loss: string,
  args: readonly unknown[],
  options: object,
  code: string,
  says: RegExp,
];

const cases: readonly Bad[] = [
  [
    "a flat array of vectors",
    "infoNCE",
    [flat, pair],
    {},
    "SHAPE_MISMATCH",
    /infoNCE: queries has 4 elements.*tensor\(queries, \[rows, depth\]\)/,
  ],
  [
    "keys of another depth",
    "infoNCE",
    [pair, deeper],
    {},
    "SHAPE_MISMATCH",
    /infoNCE: keys has shape \[2,3\], expected \[2,2\]/,
  ],
  [
    "fewer keys than queries",
    "infoNCE",
    [three, pair],
    {},
    "SHAPE_MISMATCH",
    /infoNCE: keys has 2 rows, expected at least 3/,
  ],
  [
    "a key that is not there",
    "infoNCE",
    [pair, pair],
    { targets: [0, 2] },
    "TARGET_OUT_OF_RANGE",
    /infoNCE: targets holds 2 at index 1, outside \[0, 2\)/,
  ],
  [
    "too few targets",
    "infoNCE",
    [pair, pair],
    { targets: [0] },
    "SHAPE_MISMATCH",
    /infoNCE: targets has shape \[1\], expected \[2\]/,
  ],
  [
    "symmetry with extra negatives",
    "infoNCE",
    [pair, pair],
    { symmetric: true, negatives: three },
    "OPTION",
    /infoNCE: symmetric.*leave out negatives/,
  ],
  [
    "symmetry of unequal sides",
    "infoNCE",
    [pair, three],
    { symmetric: true },
    "SHAPE_MISMATCH",
    /infoNCE: keys has 3 rows, expected 2/,
  ],
  [
    "a temperature of 0",
    "ntXent",
    [pair, pair],
    { temperature: 0 },
    "OPTION",
    /ntXent: temperature must be a number, above 0; got 0/,
  ],
  [
    "a temperature for each row",
    "ntXent",
    [pair, pair],
    { temperature: [0.1, 0.2] },
    "SHAPE_MISMATCH",
    /ntXent: temperature has shape \[2\], expected \[\]/,
  ],
  [
    "unequal numbers of texts",
    "clip",
    [pair, three],
    {},
    "SHAPE_MISMATCH",
    /clip: texts has 3 rows, expected 2/,
  ],
  [
    "views that do not pair up",
    "ntXent",
    [pair, three],
    {},
    "SHAPE_MISMATCH",
    /ntXent: b has 3 rows, a has 2: views come in pairs/,
  ],
  [
    "a decoupled loss without negatives",
    "dcl",
    [[[1, 0]], [[0, 1]]],
    {},
    "SHAPE_MISMATCH",
    /dcl: a batch of one pair leaves no negatives/,
  ],
  [
    "labels with a fraction",
    "supCon",
    [pair, [0, 0.5]],
    {},
    "DTYPE",
    /supCon: labels holds 0.5 at index 1, expected whole numbers/,
  ],
  [
    "labels in floating point",
    "supCon",
    [pair, Float32Array.of(0, 1)],
    {},
    "DTYPE",
    /supCon: labels has dtype f32, expected integer labels/,
  ],
  [
    "a label too few",
    "tripletMining",
    [three, [0, 1]],
    {},
    "SHAPE_MISMATCH",
    /tripletMining: labels has shape \[2\], expected \[3\]/,
  ],
  [
    "a way of mining that is none",
    "tripletMining",
    [pair, [0, 1]],
    { mining: "soft" },
    "OPTION",
    /tripletMining: mining must be one of all, hard, semiHard; got "soft"/,
  ],
  [
    "a margin of 0",
    "triplet",
    [pair, pair, pair],
    { margin: 0 },
    "OPTION",
    /triplet: margin must be a number, above 0; got 0/,
  ],
  [
    "a norm below 1",
    "triplet",
    [pair, pair, pair],
    { distance: "p", p: 0.5 },
    "OPTION",
    /triplet: p must be a number, at least 1; got 0.5/,
  ],
  [
    "an infinite margin",
    "triplet",
    [pair, pair, pair],
    { margin: Number.POSITIVE_INFINITY },
    "OPTION",
    /triplet: margin must be a number/,
  ],
  [
    "negatives of another shape",
    "triplet",
    [pair, pair, three],
    {},
    "SHAPE_MISMATCH",
    /triplet: negatives has shape \[3,2\], expected \[2,2\] like anchors/,
  ],
  [
    "vectors without an axis",
    "contrastive",
    [1, 2, 0],
    {},
    "SHAPE_MISMATCH",
    /contrastive: a is a single number, expected \(…, depth\)/,
  ],
  [
    "a target for each number",
    "cosineEmbedding",
    [pair, pair, pair],
    {},
    "SHAPE_MISMATCH",
    /cosineEmbedding: targets has shape \[2,2\], expected \[2\]/,
  ],
  [
    "a margin that no cosine has",
    "cosineEmbedding",
    [pair, pair, [1, 1]],
    { margin: 2 },
    "OPTION",
    /cosineEmbedding: margin must be a number, at least -1 and at most 1; got 2/,
  ],
  [
    "matrices of another batch",
    "similarityMatrix",
    [tensor(new Float32Array(12), [2, 3, 2]), tensor(new Float32Array(12), [3, 2, 2])],
    {},
    "SHAPE_MISMATCH",
    /similarityMatrix: b has shape \[3,2,2\], a has \[2,3,2\]/,
  ],
  [
    "a reduction of a function",
    "similarityMatrix",
    [pair, pair],
    { reduction: "mean" },
    "OPTION",
    /similarityMatrix: there is no option "reduction"/,
  ],
  [
    "the bound of unreduced losses",
    "infoNCE",
    [pair, pair],
    { reduction: "none", outputs: ["mutualInformation"] },
    "OPTION",
    /infoNCE: output mutualInformation needs a reduction other than "none"/,
  ],
  [
    "a gradient by labels",
    "supCon",
    [pair, [0, 1]],
    { gradients: ["labels"] },
    "OPTION",
    /supCon: gradients can name features; got "labels"/,
  ],
];

describe("bad vectors and options are refused with a typed error and a sentence:", () => {
  test.each(cases)("%s, %s", async (_, loss, args, options, code, says) => {
    const call = lossNamed(loss) as (...given: unknown[]) => Promise<unknown>;
    const error = await call(...args, { ...options, backend }).catch((thrown: unknown) => thrown);
    expect(error instanceof LossError).toBe(true);
    const { code: found, message } = error as LossError;
    expect(found).toBe(code);
    expect(says.test(message) ? "said" : message).toBe("said");
  });
});

test("an infinite norm is the largest difference, not an error", async () => {
  const call = lossNamed("triplet") as (
    ...given: unknown[]
  ) => Promise<{ loss: { item(): unknown } }>;
  const options = { distance: "p", p: Number.POSITIVE_INFINITY, backend };
  const { loss } = await call([[0, 0]], [[3, 1]], [[0, 2]], options);
  expect(await loss.item()).toBe(2);
});
