import { describe, expect, test } from "vitest";
import { crossEntropy, openBackend, type Tensor, tensor } from "../../src/index.js";
import { type Differentiable, differenceError, f64 } from "../differences.js";
import { fill, labelsFrom, normalFrom, randomFrom } from "../random.js";

// Central differences of a float64 value are off by about 1e-10 relative: 1e-7 leaves no room for a
// wrong term, and none of the options below is so small that its term could hide.
const LIMIT = 1e-7;
const backend = await openBackend({ kind: "cpu" });
const ROWS = 6;
const CLASSES = 7;

const normal = normalFrom(1);
const random = randomFrom(2);
const logits = f64(
  fill(ROWS * CLASSES, () => 2 * normal()),
  [ROWS, CLASSES],
);
const labels = tensor(labelsFrom(3, ROWS, CLASSES).with(4, -100), [ROWS]);
// Rows that do not sum to 1, one of zeros, and entries below 0 are used as given.
const probabilities = f64(
  fill(ROWS * CLASSES, (at) => (at < CLASSES ? 0 : random() - 0.1)),
  [ROWS, CLASSES],
);
const perRow = (make: () => number): Tensor => f64(fill(ROWS, make), [ROWS]);

/** One setting of each option, so that any set of them can be switched on together. */
const settings: Readonly<Record<string, unknown>> = {
  weight: f64(
    fill(CLASSES, () => 0.25 + random()),
    [CLASSES],
  ),
  labelSmoothing: 0.15,
  temperature: 0.7,
  softcap: 3,
  zLoss: 0.02,
  mask: tensor(Uint8Array.of(1, 1, 0, 1, 1, 1), [ROWS]),
  sampleWeight: perRow(() => 0.5 + random()),
};
const reductions = [
  "none",
  "sum",
  "mean",
  "meanCount",
  "weightedMean",
  "tokenMean",
  "sequenceMean",
  "batchMean",
  { denominator: 3.5 },
] as const;

/** Every option alone, every pair, all together; each with the next reduction of the list. */
function combinations(): { title: string; options: Record<string, unknown> }[] {
  const names = Object.keys(settings);
  const sets: string[][] = [[], ...names.map((name) => [name])];
  for (const [at, first] of names.entries()) {
    for (const second of names.slice(at + 1)) sets.push([first, second]);
  }
  for (const _ of reductions) sets.push(names);
  return sets.map((set, at) => {
    const reduction = reductions[at % reductions.length];
    const word = typeof reduction === "string" ? reduction : "a given denominator";
    const title = `${set.length === names.length ? "all options" : set.join(" and ") || "no option"}, ${word}`;
    const options = Object.fromEntries(set.map((name) => [name, settings[name]]));
    return { title, options: { ...options, reduction } };
  });
}

const errorOf = (name: string, point: Differentiable): Promise<number> =>
  differenceError(crossEntropy as never, backend, name, point);

describe("the float64 gradient to the logits equals central differences", () => {
  test.each(combinations())("with class numbers: $title", async ({ options }) => {
    expect(await errorOf("logits", { inputs: { logits, targets: labels }, options })).toBeLessThan(
      LIMIT,
    );
  });

  test.each(combinations())("with probabilities: $title", async ({ options }) => {
    const inputs = { logits, targets: probabilities };
    expect(await errorOf("logits", { inputs, options })).toBeLessThan(LIMIT);
  });
});

describe("the float64 gradient to the probabilities equals central differences", () => {
  test.each(combinations())("$title", async ({ options }) => {
    const inputs = { logits, targets: probabilities };
    expect(await errorOf("targets", { inputs, options })).toBeLessThan(LIMIT);
  });
});

describe("the float64 gradient to the temperature equals central differences", () => {
  const learned = combinations().map(({ title, options }) => ({
    title,
    options: { ...options, temperature: f64([0.7], []) },
  }));
  test.each(learned)("with class numbers: $title", async ({ options }) => {
    const inputs = { logits, targets: labels };
    expect(await errorOf("temperature", { inputs, options })).toBeLessThan(LIMIT);
  });

  test.each(learned)("with probabilities: $title", async ({ options }) => {
    const inputs = { logits, targets: probabilities };
    expect(await errorOf("temperature", { inputs, options })).toBeLessThan(LIMIT);
  });
});

test("a gradient that is wrong by a hundredth of the smoothing is noticed", async () => {
  const options = { labelSmoothing: 0.1 };
  const inputs = { logits, targets: labels };
  const valueOptions = { labelSmoothing: 0.101 };
  expect(await errorOf("logits", { inputs, options, valueOptions })).toBeGreaterThan(1000 * LIMIT);
});

describe("an upstream factor multiplies the gradient and never the value", () => {
  const inputs = { logits, targets: labels };
  test.each(reductions)("one number, reduction %o", async (reduction) => {
    const options = { ...settings, reduction, upstream: -2.5 };
    expect(await errorOf("logits", { inputs, options, factor: -2.5 })).toBeLessThan(LIMIT);
  });

  test("one factor per row", async () => {
    const upstream = fill(ROWS, (row) => row - 2.5);
    const options = { ...settings, reduction: "none", upstream: f64(upstream, [ROWS]) };
    expect(await errorOf("logits", { inputs, options, factor: upstream })).toBeLessThan(LIMIT);
  });

  test.each(reductions.filter((name) => name !== "none" && name !== "weightedMean"))(
    "one factor per row, reduction %o",
    async (reduction) => {
      const upstream = fill(ROWS, (row) => row - 2.5);
      const { sampleWeight, ...rest } = settings;
      // A factor per row inside a mean is what sampleWeight does to the value.
      const weights = (await (sampleWeight as Tensor).read()) as Float64Array;
      const both = f64(
        weights.map((weight, row) => weight * (upstream[row] as number)),
        [ROWS],
      );
      const options = { ...rest, sampleWeight, reduction, upstream: f64(upstream, [ROWS]) };
      const valueOptions = { ...rest, sampleWeight: both, reduction };
      expect(await errorOf("logits", { inputs, options, valueOptions })).toBeLessThan(LIMIT);
    },
  );
});

describe("other layouts have the same gradients", () => {
  const image = f64(
    fill(2 * 3 * 2 * 2, () => 2 * normal()),
    [2, 3, 2, 2],
  );

  test("the classes of an image lie on axis 1", async () => {
    const inputs = { logits: image, targets: tensor(labelsFrom(4, 8, 3), [2, 2, 2]) };
    const { weight: _, mask: __, sampleWeight: ___, ...rest } = settings;
    const options = { ...rest, classAxis: 1, reduction: "batchMean" };
    expect(await errorOf("logits", { inputs, options })).toBeLessThan(LIMIT);
  });

  test("probabilities of an image lie like its logits", async () => {
    const targets = f64(fill(24, random), [2, 3, 2, 2]);
    const options = { labelSmoothing: 0.1, temperature: 2, classAxis: 1 };
    const inputs = { logits: image, targets };
    expect(await errorOf("logits", { inputs, options })).toBeLessThan(LIMIT);
    expect(await errorOf("targets", { inputs, options })).toBeLessThan(LIMIT);
  });

  test("shifted tokens are scored against their successors", async () => {
    const inputs = {
      logits: f64(fill(2 * 3 * CLASSES, normal), [2, 3, CLASSES]),
      targets: tensor(labelsFrom(5, 6, CLASSES), [2, 3]),
    };
    const { mask: _, sampleWeight: __, ...rest } = settings;
    const options = { ...rest, shift: true, reduction: "sequenceMean" };
    expect(await errorOf("logits", { inputs, options })).toBeLessThan(LIMIT);
  });
});
