import { describe, expect, test } from "vitest";
import { type Backend, openBackend, type Tensor } from "../../src/index.js";
import { openAsHardware, openSoftware, readAll, rounding, scaleOf, worst } from "../against.js";
import { rowsOfAll } from "../distributions.js";
import {
  normalRows,
  type RowLoss,
  type Rows,
  rowFunctionNamed,
  rowFunctions,
  rowLosses,
  titleOf,
} from "../rowProblems.js";

const reference = await openBackend({ kind: "cpu" });
const software = await openSoftware();
const hardware = await openAsHardware();
const planned: readonly (readonly [string, Backend])[] = [
  ["few lanes, as for a software adapter", software],
  ["many lanes, as for a GPU", hardware],
];

type Named = Readonly<Record<string, unknown>>;
type Numbers = Readonly<Record<string, ArrayLike<number>>>;
const every = [...rowLosses, ...rowFunctions].map((loss) => {
  const { options } = loss.make(normalRows(2, 3, 1));
  return { ...loss, title: titleOf(loss.name, options) };
});

async function run(
  { name, wrt }: Pick<RowLoss, "name" | "wrt">,
  inputs: Readonly<Record<string, Tensor>>,
  options: Named,
  backend: Backend,
): Promise<Record<string, Float32Array>> {
  const all = { gradients: wrt, ...options, backend };
  const result = await rowFunctionNamed(name)(...([...Object.values(inputs), all] as never[]));
  return readAll(result);
}

/** Values are off by at most 2e-6 of themselves and 1e-7; gradients by 5e-6 and `floor` of the largest, or of 1. */
function apart(
  got: Numbers,
  want: Numbers,
  storage: keyof typeof rounding = "f32",
  gradientFloor = 1e-7,
): string[] {
  const { relative, absolute } = rounding[storage];
  return Object.entries(want).flatMap(([name, numbers]) => {
    const isGradient = name.startsWith("gradients");
    const scale = Math.max(scaleOf(numbers), 1);
    const share = isGradient ? 5e-6 + relative : 2e-6;
    const floor = isGradient ? gradientFloor * scale + absolute : 1e-7;
    const off = worst(got[name] ?? [], numbers, (x) => floor + share * Math.abs(x));
    return off.share > 1 ? [`${name}${off.at} (${off.share.toPrecision(3)} times)`] : [];
  });
}

/** One row of each distribution, against a row of another distribution. */
function extremeRows(classes: number, seed: number): Rows {
  const { logits, labels, rows } = rowsOfAll(1, classes, seed);
  const others = new Float32Array(logits.length);
  for (let row = 0; row < rows; row++) {
    const turned = (row + 4) % rows;
    others.set(logits.subarray(turned * classes, (turned + 1) * classes), row * classes);
  }
  return { rows, classes, scores: logits, others, labels, seed };
}

/** One loss on both backends; every setting has its turn. */
async function compare(
  loss: RowLoss,
  rows: Rows,
  backend: Backend,
  turn: number,
  options: Named = {},
  gradientFloor = 1e-7,
): Promise<string[]> {
  const problem = loss.make(rows);
  const setting = loss.settings[turn % loss.settings.length];
  const all = { ...problem.options, ...setting, ...options };
  const got = await run(loss, problem.inputs, all, backend);
  const want = await run(loss, problem.inputs, all, reference);
  const title = titleOf(`${rows.classes} classes`, setting ?? {});
  return apart(got, want, "f32", gradientFloor).map((text) => `${title}: ${text}`);
}

const isReduced = (loss: RowLoss): boolean => !rowFunctions.some(({ name }) => name === loss.name);
const unreduced = (loss: RowLoss): Named => (isReduced(loss) ? { reduction: "none" } : {});

describe.each(planned)("rows planned with %s give the float64 numbers", (_, backend) => {
  test.each(every)("of $title, from 1 to 1000 classes", async (loss) => {
    const problems: string[] = [];
    for (const [turn, classes] of [1, 2, 3, 31, 257, 1000].entries()) {
      const rows = normalRows(9, classes, 100 + classes);
      problems.push(...(await compare(loss, rows, backend, turn, unreduced(loss))));
    }
    expect(problems).toEqual([]);
  });

  test.each(every)("of $title, of 11 distributions", async (loss) => {
    const problems: string[] = [];
    for (const [turn, classes] of [2, 31, 1000].entries()) {
      const rows = extremeRows(classes, classes);
      problems.push(...(await compare(loss, rows, backend, turn, unreduced(loss), 2e-7)));
    }
    expect(problems).toEqual([]);
  });
});

describe("the vocabulary of GPT-2", () => {
  const wide = every.filter(({ name }) => !["costMatrix", "multilabelMargin"].includes(name));
  test.each(wide)("$title", async (loss) => {
    const rows = normalRows(2, 50_257, 7);
    for (const backend of [software, hardware]) {
      expect(await compare(loss, rows, backend, 0, unreduced(loss))).toEqual([]);
    }
  });
});

describe("rows of NaN and infinities", () => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  const poisons = [
    ["one NaN", [nan, 0, 1, 2, 3]],
    ["one +Infinity", [0, 1, inf, 2, 3]],
    ["one -Infinity", [0, -inf, 1, 2, 3]],
    ["both infinities", [inf, 1, -inf, 0, 2]],
    ["nothing but -Infinity", [-inf, -inf, -inf, -inf, -inf]],
    ["nothing but +Infinity", [inf, inf, inf, inf, inf]],
    ["all but one -Infinity", [-inf, -inf, 1, -inf, -inf]],
    ["NaN and -Infinity", [nan, -inf, 0, 1, 2]],
    ["numbers of 1e37", [1e37, -1e37, 0, 1, 2]],
  ] as const;

  test.each(every)("of $title have the CPU's answer, and spoil no other row", async (loss) => {
    // Every poison under every label, on either side; a sound row between each two.
    const classes = 5;
    const cases = poisons.flatMap(([, row]) =>
      [0, 1, 2].flatMap((label) => [false, true].map((second) => ({ row, label, second }))),
    );
    const sound = normalRows(2 * cases.length, classes, 3);
    for (const [at, { row, label, second }] of cases.entries()) {
      (second ? sound.others : sound.scores).set(row, 2 * at * classes);
      sound.labels[2 * at] = label;
    }
    for (const turn of loss.settings.keys()) {
      expect(await compare(loss, sound, software, turn, unreduced(loss))).toEqual([]);
    }
  });
});
