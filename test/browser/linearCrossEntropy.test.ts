import { afterAll, describe, expect, test } from "vitest";
import { type Backend, linearCrossEntropy, openBackend, tensor } from "../../src/index.js";
import { openAsHardware, openSoftware, read, readAll, scaleOf, worst } from "../against.js";
import { judge, type Layer, layerOf, tensorsOf } from "../layers.js";
import { fill, randomFrom } from "../random.js";

const reference = await openBackend({ kind: "cpu" });
const software = await openSoftware();
const hardware = await openAsHardware();
/** Bindings so small that rows come in several turns, and weights in several parts. */
const narrow = [
  await openAsHardware({ maxBinding: 2 ** 14, software: true }),
  await openAsHardware({ maxBinding: 2 ** 14 }),
];
afterAll(() => {
  for (const backend of narrow) backend.destroy();
});
const planned: readonly (readonly [string, Backend])[] = [
  ["few lanes, as for a software adapter", software],
  ["many lanes, as for a GPU", hardware],
];

type Options = Parameters<typeof judge>[1];

/**
 * A logit is off by some steps of float32 at the layer's largest, and a gradient by that share of its terms: 1e-6 of the
 * largest, or of 1 where terms cancel.
 */
async function disagreements(layer: Layer, options: Options, backend: Backend): Promise<string[]> {
  const got = await readAll(await judge(layer, { ...options, backend }));
  const want = await readAll(await judge(layer, { ...options, backend: reference }));
  expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
  return Object.entries(want).flatMap(([name, numbers]) => {
    const isGradient = name.startsWith("gradients");
    const floor = isGradient ? 1e-6 * Math.max(scaleOf(numbers), 1) : 6e-6;
    const off = worst(got[name] ?? [], numbers, (x) => floor + 2e-6 * Math.abs(x));
    return off.share > 1 ? [`${name}${off.at} (${off.share.toPrecision(3)} times)`] : [];
  });
}

const outputs = ["logSumExp", "logProbs", "entropy", "correct"] as const;
const random = randomFrom(7);
const positive = (count: number): Float32Array =>
  Float32Array.from(fill(count, () => 0.25 + random()));
/** Options by what they are about, for so many rows and classes. */
const optionSets: Readonly<Record<string, (rows: number, classes: number) => Options>> = {
  "no options": () => ({ reduction: "none" }),
  "weights and smoothing": (_, classes) => ({ weight: positive(classes), labelSmoothing: 0.1 }),
  "every output": () => ({ outputs, reduction: "none" }),
  "soft cap, temperature and z-loss": () => ({ softcap: 8, temperature: 0.75, zLoss: 0.01 }),
  "a mask, factors and upstream": (rows) => ({
    mask: Uint8Array.from(fill(rows, (row) => (row % 3 === 1 ? 0 : 1))),
    sampleWeight: positive(rows),
    upstream: positive(rows),
    reduction: "weightedMean",
  }),
};

describe.each(planned)("planned with %s", (_, backend) => {
  const sizes = [
    [1, 1, 1],
    [3, 1, 5],
    [5, 7, 1],
    [6, 9, 8],
  ] as const;
  test.each(Object.entries(optionSets))("%s: the float64 numbers", async (_, options) => {
    // The same arithmetic with other loops: one size is enough.
    for (const [rows, classes, depth] of backend === hardware ? sizes.slice(-1) : sizes) {
      const layer = layerOf(rows, classes, depth);
      const given = { linearBias: layer.bias, ...options(rows, classes) };
      expect(await disagreements(layer, given, backend), `${[rows, classes, depth]}`).toEqual([]);
    }
  });

  test("without a bias, loss alone, and in tiles of the larger kind", async () => {
    const layer = layerOf(70, 131, 33);
    for (const gradients of [true, false]) {
      expect(await disagreements(layer, { gradients }, backend)).toEqual([]);
    }
  });

  test("large logits: each row's loss and gradients", async () => {
    // A logit of 1000 is known to 1e-4 in float32: numbers that are exact as products are compared.
    const layer = layerOf(9, 40, 6);
    const whole = (numbers: Float32Array, size: number) => numbers.map((x) => Math.round(size * x));
    const large = { ...layer, hidden: whole(layer.hidden, 64), weight: whole(layer.weight, 8) };
    expect(await disagreements(large, { reduction: "none", zLoss: 1e-6 }, backend)).toEqual([]);
  });

  test("a row of NaN poisons its own loss and gradient, and all that is summed over rows", async () => {
    const layer = layerOf(6, 20, 5);
    layer.hidden[2 * 5 + 1] = Number.NaN;
    const all = { linearBias: layer.bias, reduction: "none", backend } as const;
    const found = await readAll(await judge(layer, all));
    const bad = (name: string): boolean[] => Array.from(found[name] as Float32Array, Number.isNaN);
    expect(bad("loss")).toEqual([false, false, true, false, false, false]);
    expect(bad("gradients.hidden")).toEqual(
      Array.from({ length: 30 }, (_, at) => at >= 10 && at < 15),
    );
    expect(bad("gradients.linearWeight").every(Boolean)).toBe(true);
    expect(bad("gradients.linearBias").every(Boolean)).toBe(true);
  });

  test.each([
    ["ignored", { labels: -100 }],
    ["masked out", { mask: 0 }],
    ["given upstream 0", { upstream: 0 }],
  ])("rows of NaN and infinity that are %s harm no gradient", async (_, how) => {
    // No multiple of four classes: what fills the last four is as poisoned as the row.
    const layer = layerOf(6, 21, 5);
    const at = (x: number): Float32Array => Float32Array.of(1, 1, x, 1, 1, x);
    for (const [row, x] of [
      [2, Number.NaN],
      [5, Number.POSITIVE_INFINITY],
    ] as const) {
      layer.hidden.fill(x, row * 5, (row + 1) * 5);
      if ("labels" in how) layer.labels[row] = -100;
    }
    const options: Options = {
      linearBias: layer.bias.fill(Number.NEGATIVE_INFINITY, 20),
      reduction: "none",
      ...("mask" in how ? { mask: at(0) } : {}),
      ...("upstream" in how ? { upstream: at(0) } : {}),
    };
    layer.labels.forEach((label, row) => {
      if (label === 20) layer.labels[row] = 0;
    });
    expect(await disagreements(layer, options, backend)).toEqual([]);
    const { gradients } = await judge(layer, { ...options, backend });
    const toHidden = await read(gradients.hidden);
    for (const row of [2, 5]) {
      expect(Array.from(toHidden.subarray(row * 5, row * 5 + 5))).toEqual([0, 0, 0, 0, 0]);
    }
    expect((await read(gradients.linearWeight)).every(Number.isFinite)).toBe(true);
  });

  test.each(["f16", "bf16"] as const)("%s storage is read as rounded", async (dtype) => {
    expect(await disagreements(layerOf(7, 33, 5), { dtype }, backend)).toEqual([]);
  });
});

describe("rows in several turns, weights in several parts", () => {
  test.each([
    ["no rest", 72, 192, 40],
    ["odd everything", 71, 171, 37],
  ])("%s: the float64 numbers", async (_, rows, classes, depth) => {
    const layer = layerOf(rows, classes, depth);
    const options = { linearBias: layer.bias, labelSmoothing: 0.1, outputs } as const;
    for (const backend of narrow) expect(await disagreements(layer, options, backend)).toEqual([]);
  });

  test("sequences whose labels are shifted by one", async () => {
    const layer = layerOf(80, 171, 12);
    const of = async (backend: Backend) => {
      const hidden = tensor(layer.hidden, [4, 20, 12]);
      const labels = tensor(layer.labels, [4, 20]);
      const weight = tensor(layer.weight, [171, 12]);
      const options = { shift: true, gradients: true, backend } as const;
      return readAll(await linearCrossEntropy(hidden, weight, labels, options));
    };
    const want = await of(reference);
    const got = await of(narrow[0] as Backend);
    for (const [name, numbers] of Object.entries(want)) {
      expect(worst(got[name] ?? [], numbers, () => 2e-6).share, name).toBeLessThan(1);
    }
  });

  test("a row that no binding holds is refused by name", async () => {
    const call = judge(layerOf(2, 5000, 2), { backend: narrow[0] as Backend });
    await expect(call).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      message: expect.stringMatching(
        /linearCrossEntropy: rows of 5000 numbers exceed.*16384 bytes/,
      ),
    });
  });
});

test.each([...planned, ["turns and parts", narrow[0] as Backend] as const])(
  "planned with %s: the same bits in every run",
  async (_, backend) => {
    const layer = layerOf(70, 171, 33);
    const run = async () => {
      const numbers = await readAll(await judge(layer, { linearBias: layer.bias, backend }));
      return Object.entries(numbers).map(([name, { buffer }]) => [
        name,
        ...new Uint32Array(buffer),
      ]);
    };
    const first = await run();
    for (let again = 0; again < 3; again++) expect(await run()).toEqual(first);
  },
);

test("a plan runs again with other numbers", async () => {
  const layer = layerOf(6, 20, 8);
  const [hidden, linearWeight] = tensorsOf(layer);
  const shapes = { hidden: [6, 8], linearWeight: [20, 8], targets: [6] };
  const plan = await linearCrossEntropy.plan(shapes, { gradients: true, backend: software });
  for (const temperature of [1, 0.5]) {
    const inputs = { hidden, linearWeight, targets: layer.labels };
    const got = await readAll(plan.run(inputs, { temperature }));
    const want = await readAll(await judge(layer, { temperature, backend: reference }));
    for (const [name, numbers] of Object.entries(want)) {
      expect(worst(got[name] ?? [], numbers, () => 2e-6).share, name).toBeLessThan(1);
    }
  }
  plan.destroy();
});
