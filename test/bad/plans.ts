import type { LossErrorCode } from "../../src/index.js";
import { type BadInput, destroyed, labels, logits, plan } from "./calls.js";

const shapesOf = { logits: [2, 3], targets: [2] };
/** A plan is made, and then used wrongly. */
const used = (
  title: string,
  code: LossErrorCode,
  says: RegExp,
  use: (made: Awaited<ReturnType<typeof plan>>) => unknown,
  options: object = {},
): BadInput => ({
  title: `plan.run: ${title}`,
  code,
  says,
  act: async (backend) => {
    const made = await plan(shapesOf, { ...options, backend });
    try {
      await use(made);
    } finally {
      made.destroy();
    }
  },
});
const planned = (title: string, code: LossErrorCode, says: RegExp, given: unknown): BadInput => ({
  title: `plan: ${title}`,
  code,
  says,
  act: (backend) => plan(given, { backend }),
});

export const plans: readonly BadInput[] = [
  planned("an input missing", "SHAPE_MISMATCH", /crossEntropy: targets is missing/, {
    logits: [2, 3],
  }),
  planned("an unknown input", "OPTION", /crossEntropy: there is no input "labels"/, {
    ...shapesOf,
    labels: [2],
  }),
  planned("no shapes", "OPTION", /crossEntropy: .*by name, got undefined/, undefined),
  planned(
    "a shape that is a number",
    "SHAPE_MISMATCH",
    /crossEntropy: targets: the shape must be a list/,
    { logits: [2, 3], targets: 2 },
  ),
  planned("a negative extent", "SHAPE_MISMATCH", /crossEntropy: logits: the shape \[2,-3\]/, {
    logits: [2, -3],
    targets: [2],
  }),
  planned("shapes that do not fit", "SHAPE_MISMATCH", /targets has 3 labels, logits has 2 rows/, {
    logits: [2, 3],
    targets: [3],
  }),
  planned("an unknown dtype", "DTYPE", /crossEntropy: logits.*"f8"/, {
    logits: { shape: [2, 3], dtype: "f8" },
    targets: [2],
  }),
  planned("logits of whole numbers", "DTYPE", /crossEntropy: logits has dtype i32/, {
    logits: { shape: [2, 3], dtype: "i32" },
    targets: [2],
  }),
  used("an input missing", "SHAPE_MISMATCH", /crossEntropy: targets is missing/, (made) =>
    made.run({ logits: logits() }),
  ),
  used("no inputs", "OPTION", /crossEntropy: .*by name, got undefined/, (made) => made.run()),
  // Compared with the inputs before, which is no place for a message of the language's own.
  used("no inputs after a run", "OPTION", /crossEntropy: .*by name, got undefined/, (made) => {
    made.run({ logits: logits(), targets: labels() });
    return made.run();
  }),
  used("an unknown input", "OPTION", /no input of this plan "label"/, (made) =>
    made.run({ logits: logits(), targets: labels(), label: 1 }),
  ),
  used(
    "another shape",
    "SHAPE_MISMATCH",
    /logits has 9 elements, the plan was made for \[2,3\]/,
    (made) => made.run({ logits: new Float32Array(9), targets: labels() }),
  ),
  used("another dtype", "DTYPE", /logits has dtype i32, the plan was made for f32/, (made) =>
    made.run({ logits: new Int32Array(6), targets: labels() }),
  ),
  used(
    "labels of another width",
    "DTYPE",
    /targets has dtype i64, the plan was made for i32/,
    (made) => made.run({ logits: logits(), targets: BigInt64Array.of(0n, 1n) }),
  ),
  used("half a label in a list", "DTYPE", /crossEntropy: targets holds 0.5 at index 1/, (made) =>
    made.run({ logits: logits(), targets: [0, 0.5] }),
  ),
  used("a destroyed tensor", "DISPOSED", /crossEntropy: logits .*was destroyed/, (made) =>
    made.run({ logits: destroyed(), targets: labels() }),
  ),
  used("a label out of range", "TARGET_OUT_OF_RANGE", /targets holds 3 at index 0/, (made) =>
    made.run({ logits: logits(), targets: Int32Array.of(3, 0) }),
  ),
  used("a number that the plan does not have", "OPTION", /no number "margin"/, (made) =>
    made.run({ logits: logits(), targets: labels() }, { margin: 1 }),
  ),
  used(
    "a number out of range",
    "OPTION",
    /labelSmoothing must be .* got 2/,
    (made) => made.run({ logits: logits(), targets: labels() }, { labelSmoothing: 2 }),
    { labelSmoothing: 0.1 },
  ),
  used("after destroy()", "DISPOSED", /crossEntropy: this plan was destroyed/, (made) => {
    made.destroy();
    return made.run({ logits: logits(), targets: labels() });
  }),
];
