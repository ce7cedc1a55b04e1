import { describe, expect, test } from "vitest";
import { type CommonOptions, crossEntropy, openBackend, Tensor, tensor } from "../../src/index.js";
import { disagreements, openSoftware, read, scaleOf } from "../against.js";
import { fill, labelsFrom, normalFrom, randomFrom } from "../random.js";

const reference = await openBackend({ kind: "cpu" });
const backend = await openSoftware();

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

const f32 = (shape: readonly number[], make: () => number): Tensor =>
  tensor(
    Float32Array.from(
      fill(
        shape.reduce((a, b) => a * b, 1),
        make,
      ),
    ),
    shape,
  );

interface Problem {
  readonly logits: Tensor;
  readonly targets: Tensor;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A problem with some of the options switched on by chance: shape, layout and reduction are the caller's. */
function problem(seed: number, shape: readonly number[], options: object, soft = false): Problem {
  const random = randomFrom(seed);
  const normal = normalFrom(seed + 1);
  const { classAxis = -1 } = options as { classAxis?: number };
  const axis = classAxis < 0 ? shape.length + classAxis : classAxis;
  const classes = shape[axis] as number;
  const lossShape = shape.filter((_, at) => at !== axis);
  const rows = lossShape.reduce((a, b) => a * b, 1);
  const labels = labelsFrom(seed + 2, rows, classes).map((label) =>
    random() < 0.1 ? -100 : label,
  );
  // Numbers that float32 holds, so that both sides compute the same problem.
  const number = (low: number, high: number): number => Math.fround(low + (high - low) * random());
  const candidates: Record<string, () => unknown> = {
    weight: () => f32([classes], () => 0.25 + random()),
    labelSmoothing: () => number(0.05, 0.5),
    temperature: () => (random() < 0.5 ? number(0.3, 1.3) : f32([], () => number(0.3, 1.3))),
    softcap: () => number(5, 25),
    zLoss: () => number(0, 0.01),
    mask: () =>
      tensor(
        Uint8Array.from({ length: rows }, () => Number(random() < 0.8)),
        lossShape,
      ),
    sampleWeight: () => f32(lossShape, random),
    upstream: () => (random() < 0.5 ? number(-3, 3) : f32(lossShape, normal)),
  };
  const chosen = Object.entries(candidates).filter(() => random() < 0.5);
  return {
    logits: f32(shape, () => 3 * normal()),
    targets: soft ? f32(shape, random) : tensor(labels, lossShape),
    options: { ...Object.fromEntries(chosen.map(([name, make]) => [name, make()])), ...options },
  };
}

/**
 * What errors of the gradients are measured against. To the logits: the gradient of rows that are certain and wrong,
 * which is all of a row's factor and target mass. To the temperature: the sum of |gradient × logit|, of which nearly
 * all cancels.
 */
async function scalesOf({ logits, targets, options }: Problem, gradient: Float32Array) {
  const { softcap = 0, ...rest } = options as { softcap?: number };
  const { shape } = logits;
  const { classAxis = -1 } = options as { classAxis?: number };
  const axis = classAxis < 0 ? shape.length + classAxis : classAxis;
  const stride = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const classes = shape[axis] as number;
  const sizes = [0, 1].map(async (certain) => {
    const peaked = Float32Array.from({ length: logits.size }, (_, at) =>
      Math.floor(at / stride) % classes === certain ? 40 : 0,
    );
    const all = { ...rest, gradients: true, backend: reference };
    const result = await crossEntropy(tensor(peaked, shape), targets, all);
    return scaleOf(await read(result.gradients.logits));
  });
  const numbers = await read(logits);
  const moments = gradient.map((slope, at) => Math.abs(slope * (numbers[at] as number)));
  return {
    // A capped logit is itself rounded to float32, by up to 3e-8 of the cap: no kernel could do better.
    logits: Math.max(...(await Promise.all(sizes))) * (1 + softcap / 4),
    temperature: moments.reduce((sum, moment) => sum + moment, 0),
  };
}

async function check(problem: Problem, outputs: readonly string[] = []) {
  const { logits, targets, options } = problem;
  const isLearned = options["temperature"] instanceof Tensor;
  const gradients = isLearned ? ["logits", "temperature"] : ["logits"];
  const all = { ...options, gradients, outputs } as object as CommonOptions<
    "logits" | "temperature",
    never
  >;
  const got = await crossEntropy(logits, targets, { ...all, backend });
  const want = await crossEntropy(logits, targets, { ...all, backend: reference });
  expect(await got.stats.read()).toMatchObject({ count: (await want.stats.read()).count });
  const scales = await scalesOf(problem, await read(want.gradients.logits));
  expect(await disagreements(got, want, { scales }), Object.keys(options).join()).toEqual([]);
}

describe("random options on the GPU agree with float64", () => {
  const seeds = Array.from({ length: 27 }, (_, seed) => seed);
  test.each(seeds)("class numbers, seed %i", async (seed) => {
    const reduction = reductions[seed % reductions.length];
    const shape = [2 + (seed % 3), 3 + (seed % 5), 2 + ((7 * seed) % 45)];
    await check(problem(100 * seed, shape, { reduction }));
  });

  test.each(seeds.slice(0, 9))("probabilities, seed %i", async (seed) => {
    const shape = [3, 2 + seed, 2 + ((11 * seed) % 30)];
    await check(problem(100 * seed, shape, { reduction: reductions[seed] }, true));
  });
});

describe("other layouts on the GPU agree with float64", () => {
  test.each([1, -3, 0, 2])("an image with its classes on axis %i", async (classAxis) => {
    await check(problem(1, [3, 5, 4, 7], { classAxis, reduction: "batchMean" }));
  });

  test("an image of 150 classes, masked, with every output", async () => {
    const outputs = ["logSumExp", "logProbs", "entropy", "correct"];
    await check(problem(2, [2, 150, 6, 5], { classAxis: 1, reduction: "none" }), outputs);
  });

  test("probabilities of an image", async () => {
    await check(problem(3, [2, 5, 4, 3], { classAxis: 1 }, true));
  });

  test.each(["none", "sequenceMean", "tokenMean"])("shifted tokens, %s", async (reduction) => {
    await check(problem(4, [3, 9, 20], { shift: true, reduction }));
  });

  test("one row without a batch", async () => {
    await check(problem(5, [12], {}), ["perplexity"]);
  });

  test("no rows at all", async () => {
    for (const reduction of ["none", "sum", "mean", "sequenceMean", { denominator: 2 }]) {
      await check(problem(6, [0, 12], { reduction, upstream: 1 }));
    }
  });
});

describe("few classes, of which a software adapter takes four rows at once,", () => {
  const outputs = ["logSumExp", "logProbs", "entropy", "correct"] as const;
  test.each([
    ["f16", 63, -1],
    ["bf16", 64, -1],
    ["f16", 5, 1],
    ["bf16", 5, 1],
  ] as const)("%s, %i classes on axis %i", async (dtype, classes, classAxis) => {
    const shape = classAxis === 1 ? [2, classes, 3, 3] : [9, classes];
    const { logits, targets, options } = problem(11, shape, { classAxis, reduction: "none" });
    const halves = tensor(await read(logits), shape, { dtype });
    await check({ logits: tensor(await read(halves), shape), targets, options }, outputs);
    const all = { ...options, outputs, gradients: true } as object;
    const got = await crossEntropy(halves, targets, { ...all, backend });
    const want = await crossEntropy(halves, targets, { ...all, backend: reference });
    expect(await disagreements(got, want)).toEqual([]);
  });

  test("an image in place, and a wide one whose last lane has one row", async () => {
    for (const shape of [
      [2, 7, 3, 3],
      [1, 2, 129, 129],
    ]) {
      const { logits, targets } = problem(12, shape, { classAxis: 1 });
      const options = { classAxis: 1, labelSmoothing: 0.1 };
      const want = await crossEntropy(logits, targets, {
        ...options,
        gradients: true,
        backend: reference,
      });
      const inPlace = { logits: "inPlace" } as const;
      const copy = tensor((await read(logits)).slice(), shape, { backend });
      const got = await crossEntropy(copy, targets, { ...options, gradients: inPlace, backend });
      expect(await disagreements(got, want)).toEqual([]);
    }
  });
});

describe("rows that take no part", () => {
  const shape = [5, 6];
  const none = tensor(new Uint8Array(5), [5]);

  test.each(reductions)(
    "all masked: the gradient is exactly 0, reduction %o",
    async (reduction) => {
      for (const emptyMean of ["nan", "zero"]) {
        const options = { mask: none, reduction, emptyMean };
        await check(problem(7, shape, { ...options, upstream: 1, sampleWeight: undefined }));
      }
    },
  );

  test.each([
    ["bytes", Uint8Array.of(1, 0, 1, 1, 0)],
    ["floats", Float32Array.of(1, 0, 0.5, 2, 0)],
    ["32-bit numbers", Int32Array.of(1, 0, 1, 3, 0)],
    ["a list", [1, 0, 1, 1, 0]],
    ["booleans", [true, false, true, true, false]],
    ["64-bit numbers", BigInt64Array.of(1n, 0n, 1n, 1n, 0n)],
    ["negative numbers", Int32Array.of(1, 0, -1, 1, 0)],
    ["halves", tensor([1, 0, 0.5, 1, 0], [5], { dtype: "f16" })],
    ["bfloats", tensor([1, 0, 0.5, 1, 0], [5], { dtype: "bf16" })],
  ])("a mask of %s", async (_, mask) => {
    await check(problem(8, shape, { mask, upstream: 1, sampleWeight: undefined }));
  });
});

describe("labels in every integer format", () => {
  const classes = [3, 0, -100, 5, 2];
  const formats = {
    i32: Int32Array.from(classes),
    i64: BigInt64Array.from(classes.map(BigInt)),
    list: classes,
    i16: Int16Array.from(classes),
    "u8 with the pad id inside the classes": Uint8Array.from(
      classes.map((label) => Math.max(label, 0)),
    ),
    u32: Uint32Array.from(classes.map((label) => Math.max(label, 0))),
    u16: Uint16Array.from(classes.map((label) => Math.max(label, 0))),
  };
  test.each(Object.entries(formats))("%s", async (name, targets) => {
    const { logits } = problem(9, [5, 6], {});
    await check({
      logits,
      targets: tensor(targets),
      options: name.startsWith("u") ? { ignoreIndex: 0 } : {},
    });
  });

  test("an ignoreIndex of 64 bits", async () => {
    const { logits } = problem(10, [5, 6], {});
    const ignoreIndex = -(2 ** 40);
    const targets = BigInt64Array.from(classes, (label) => BigInt(label < 0 ? ignoreIndex : label));
    await check({ logits, targets: tensor(targets), options: { ignoreIndex } });
  });
});
