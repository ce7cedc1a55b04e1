import { describe, expect, test } from "vitest";
import { crossEntropy, openBackend, tensor } from "../../src/index.js";
import { disagreements, openAsHardware, openSoftware, read } from "../against.js";
import { numbersOf, poisonedRows } from "../poison.js";
import { settings, tryPoison } from "../poisonCases.js";

const software = await openSoftware();
const hardware = await openAsHardware();

describe("rows of NaN, infinities, huge numbers and subnormals have the stated loss and gradient", () => {
  let tried = 0;
  test.each(settings)("$title", async (setting) => {
    const { rows, wrong } = await tryPoison(setting, software, false);
    tried += rows;
    expect(wrong).toEqual([]);
  });

  test("and they were more than 500", () => expect(tried).toBeGreaterThan(500));

  // The same arithmetic with other loops: three settings are enough.
  const some = settings.filter(({ title }) => /131|smoothed and weighted$|softcap 30/.test(title));
  test.each(some)("$title, planned as for a GPU", async (setting) => {
    expect((await tryPoison(setting, hardware, false)).wrong).toEqual([]);
  });
});

describe("outputs of poisoned rows are NaN or infinite where those of the CPU path are", () => {
  test.each([
    ["few classes", 9, software],
    ["tiles", 70, software],
    ["planned as for a GPU", 70, hardware],
  ] as const)("%s", async (_, classes, backend) => {
    // What lies within three percent of the largest number may be infinite on the GPU.
    const kindOf = (name: string, x: number): number =>
      name === "correct" || Number.isNaN(x) ? x : Math.trunc(x / 3.3e38) && Math.sign(x);
    const { words, rows } = poisonedRows(classes, 5);
    const logits = tensor(numbersOf(words), [rows, classes]);
    const outputs = ["logSumExp", "logProbs", "entropy", "correct"] as const;
    const cpu = await openBackend({ kind: "cpu" });
    const call = async (on: typeof cpu): Promise<string[]> => {
      const targets = new Int32Array(rows).fill(3);
      const result = await crossEntropy(logits, targets, { outputs, backend: on });
      const kinds = outputs.map(async (name) =>
        Array.from(await read(result[name]), (x, row) => `${name}[${row}] ${kindOf(name, x)}`),
      );
      return (await Promise.all(kinds)).flat();
    };
    expect(await call(backend)).toEqual(await call(cpu));
  });
});

describe("rows that take no part are never read", () => {
  const classes = 9;
  const { words, rows } = poisonedRows(classes, 4);
  const logits = tensor(numbersOf(words), [rows, classes]);
  const clean = Float32Array.from({ length: classes }, (_, c) => c);
  const options = {
    labelSmoothing: 0.1,
    zLoss: 0.01,
    outputs: ["logSumExp", "logProbs", "entropy", "correct"],
    gradients: true,
    backend: software,
  } as const;

  test.each(["none", "sum", "mean", "sequenceMean"] as const)(
    "poison behind ignored labels leaves exactly 0, %s",
    async (reduction) => {
      const targets = new Int32Array(rows).fill(-100);
      const result = await crossEntropy(logits, targets, {
        ...options,
        reduction,
        emptyMean: "zero",
      });
      for (const tensorOf of [
        result.loss,
        result.gradients.logits,
        result.entropy,
        result.logSumExp,
      ]) {
        expect((await read(tensorOf)).every((x) => x === 0)).toBe(true);
      }
    },
  );

  test("poison behind a mask leaves the other rows as they are, the temperature's slope too", async () => {
    const all = new Float32Array((rows + 2) * classes);
    all.set(clean);
    all.set(numbersOf(words), classes);
    all.set(clean, (rows + 1) * classes);
    const mask = new Uint8Array(rows + 2);
    mask[0] = 1;
    mask[rows + 1] = 1;
    const temperature = tensor([2], []);
    const labels = new Int32Array(rows + 2).fill(3);
    const { outputs: _, ...rest } = options;
    const masks = { ...rest, temperature, mask };
    const masked = await crossEntropy(tensor(all, [rows + 2, classes]), labels, masks);
    all.fill(0, classes, (rows + 1) * classes);
    const two = await crossEntropy(tensor(all, [rows + 2, classes]), labels, masks);
    expect(await masked.loss.item()).toBe(await two.loss.item());
    const slope = masked.gradients.temperature;
    expect(await slope.item()).toBeCloseTo(await two.gradients.temperature.item(), 6);
    const gradient = await read(masked.gradients.logits);
    expect(gradient.subarray(classes, (rows + 1) * classes).every((x) => x === 0)).toBe(true);
    expect([...gradient.subarray(0, classes)]).toEqual([
      ...(await read(two.gradients.logits)).subarray(0, classes),
    ]);
  });

  test("poison in place of 16-bit logits leaves zeros", async () => {
    const halves = tensor(numbersOf(words), [rows, classes], { dtype: "bf16" });
    const targets = new Int32Array(rows).fill(-100);
    const gradients = { logits: "inPlace" } as const;
    const result = await crossEntropy(halves, targets, { gradients, backend: software });
    expect((await read(result.gradients.logits)).every((x) => x === 0)).toBe(true);
  });

  test("an upstream of 0 makes the gradient of a poisoned row 0", async () => {
    const targets = new Int32Array(rows).fill(2);
    const result = await crossEntropy(logits, targets, {
      gradients: true,
      upstream: 0,
      backend: software,
    });
    expect((await read(result.gradients.logits)).every((x) => x === 0)).toBe(true);
  });
});

test("losses that are not finite are counted, and one poisoned row shows in the mean", async () => {
  const rows = tensor(
    [
      [1, Number.NaN],
      [1, 2],
      [Number.NEGATIVE_INFINITY, 0],
    ],
    [3, 2],
  );
  const result = await crossEntropy(rows, [0, 1, 0], { backend: software });
  expect(await result.stats.read()).toMatchObject({ count: 3, nonFinite: 2 });
  expect(await result.loss.item()).toBeNaN();
  const weighed = await crossEntropy(rows, [0, 1, 0], { mask: [0, 1, 1], backend: software });
  expect(await weighed.loss.item()).toBe(Number.POSITIVE_INFINITY);
});

test.each([
  ["smoothed over", { labelSmoothing: 0.1 }, [1, 2]],
  ["the labels", {}, [0, 0]],
  ["the labels, smoothed", { labelSmoothing: 0.1 }, [0, 0]],
])("classes of weight 0 that -Infinity rules out add nothing: %s", async (_, options, targets) => {
  const { NEGATIVE_INFINITY } = Number;
  const rows = [
    [NEGATIVE_INFINITY, 1, 3],
    [NEGATIVE_INFINITY, 2, -1],
  ];
  const weight = [0, 1, 2];
  const outputs = await Promise.all(
    [software, hardware, await openBackend({ kind: "cpu" })].map(async (backend) => {
      const call = { ...options, weight, reduction: "none", gradients: true, backend } as const;
      const result = await crossEntropy(rows, targets, call);
      return [...(await read(result.loss)), ...(await read(result.gradients.logits))];
    }),
  );
  const [few, many, cpu] = outputs as [number[], number[], number[]];
  expect(cpu.every(Number.isFinite)).toBe(true);
  for (const [at, x] of cpu.entries()) {
    expect(few[at], `[${at}]`).toBeCloseTo(x, 5);
    expect(many[at], `[${at}]`).toBeCloseTo(x, 5);
  }
});

test.each([9, 131])("the outputs of rows of NaN and infinities, %i classes", async (classes) => {
  const { NaN: nan, POSITIVE_INFINITY: up, NEGATIVE_INFINITY: down } = Number;
  const rows = [[nan], [up], [down], [nan, up], [up, up], Array(classes).fill(down)].map((odd) =>
    Float32Array.from({ length: classes }, (_, k) => odd[k] ?? Math.sin(k)),
  );
  const logits = tensor(Float32Array.from(rows.flatMap((row) => [...row])), [6, classes]);
  const outputs = ["logSumExp", "logProbs", "entropy", "correct"] as const;
  const reference = await openBackend({ kind: "cpu" });
  for (const label of [0, 5]) {
    const targets = new Int32Array(6).fill(label);
    for (const backend of [software, hardware]) {
      const options = { outputs, reduction: "none" } as const;
      const got = await crossEntropy(logits, targets, { ...options, backend });
      const want = await crossEntropy(logits, targets, { ...options, backend: reference });
      expect(await disagreements(got, want)).toEqual([]);
    }
  }
});
