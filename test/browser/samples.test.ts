import { afterAll, describe, expect, test } from "vitest";
import {
  type Backend,
  combine,
  crossEntropy,
  elbo,
  openBackend,
  reduce,
  sequenceLogProbs,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { openAsHardware, openSoftware, readAll, rounding, scaleOf, worst } from "../against.js";
import { fill, randomFrom } from "../random.js";
import { type Problem, problemsOf, type Size, small, solve } from "../sampleProblems.js";

const reference = await openBackend({ kind: "cpu" });
const software = await openSoftware();
const hardware = await openAsHardware();
/** So small a binding that every problem is cut into several passes. */
const narrow = await openAsHardware({ maxBinding: 2048 });
afterAll(() => narrow.destroy());
const planned: readonly (readonly [string, Backend])[] = [
  ["few lanes, as for a software adapter", software],
  ["many lanes, as for a GPU", hardware],
];

// Longer than the lanes of a workgroup, so that each of them takes several elements.
const large: Size = { samples: 9, length: 300 };
const reductions = ["none", "mean", "sum", "weightedMean", "sequenceMean"] as const;

/** The options of the losses' own shape: every second problem is masked, every third weighted. */
function factors({ lossShape, name }: Problem, turn: number): Record<string, unknown> {
  if (!lossShape) return {};
  const size = lossShape.reduce((product, extent) => product * extent, 1);
  const random = randomFrom(turn);
  const numbers = (make: () => number): Tensor =>
    tensor(Float32Array.from(fill(size, make)), [...lossShape]);
  return {
    ...(turn % 2 === 0 ? { mask: numbers(() => (random() < 0.3 ? 0 : 0.5 + random())) } : {}),
    ...(turn % 3 === 0 && name !== "reduce" ? { sampleWeight: numbers(random) } : {}),
  };
}

const optionsOf = (problem: Problem, turn: number): Record<string, unknown> => ({
  ...factors(problem, turn),
  ...(problem.reduces ? { reduction: reductions[turn % reductions.length] } : {}),
  gradients: problem.wrt,
});

type Numbers = Readonly<Record<string, ArrayLike<number>>>;

/** Values are off by at most 2e-6 of themselves and 1e-7; gradients by 5e-6, and 1e-7 of the largest. */
function apart(got: Numbers, want: Numbers, storage: keyof typeof rounding = "f32"): string[] {
  const { relative, absolute } = rounding[storage];
  return Object.entries(want).flatMap(([name, numbers]) => {
    const isGradient = name.startsWith("gradients");
    const share = isGradient ? 5e-6 + relative : 2e-6;
    const floor = isGradient ? 1e-7 * scaleOf(numbers) + absolute : 1e-7;
    const off = worst(got[name] ?? [], numbers, (x) => floor + share * Math.abs(x));
    return off.share > 1 ? [`${name}${off.at} (${off.share.toPrecision(3)} times)`] : [];
  });
}

const run = async (problem: Problem, options: object, backend: Backend): Promise<Numbers> =>
  readAll(await solve(problem, { ...options, backend }));

async function compare(problem: Problem, options: object, backend: Backend): Promise<string[]> {
  return apart(await run(problem, options, backend), await run(problem, options, reference));
}

describe.each(planned)("with %s", (_, backend) => {
  test.each(problemsOf(small, 51))("small: $title is what float64 says", async (problem) => {
    for (let turn = 0; turn < 5; turn++) {
      expect(await compare(problem, optionsOf(problem, turn), backend)).toEqual([]);
    }
  });

  test.each(problemsOf(large, 52))("large: $title is what float64 says", async (problem) => {
    expect(await compare(problem, optionsOf(problem, 0), backend)).toEqual([]);
  });
});

describe("where a binding holds only a part of the tensors", () => {
  const size: Size = { samples: 23, length: 70 };
  const cut = problemsOf(size, 53).filter(({ name }) => name !== "combine");
  test.each(cut)("$title is what float64 says", async (problem) => {
    // A row of logits, unlike one of the others, must fit a binding.
    expect(await compare(problem, optionsOf(problem, 0), narrow)).toEqual([]);
  });
});

describe("on the GPU", () => {
  test.each(problemsOf(small, 54))("$title gives the same bits at every run", async (problem) => {
    const once = await run(problem, optionsOf(problem, 1), hardware);
    for (let time = 0; time < 5; time++) {
      expect(await run(problem, optionsOf(problem, 1), hardware)).toEqual(once);
    }
  });

  const perSample = problemsOf(small, 55).filter(({ lossShape }) => lossShape?.length === 1);
  test.each(perSample)(
    "$title: NaN and infinities spoil what they spoil on the CPU",
    async (problem) => {
      for (const poison of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        for (const name of problem.wrt) {
          const given = problem.inputs[name] as Tensor;
          const data = Float32Array.from((await given.read()) as Float32Array);
          data[1] = poison;
          const inputs = { ...problem.inputs, [name]: tensor(data, given.shape) };
          const options = { reduction: "none", gradients: problem.wrt };
          expect(await compare({ ...problem, inputs }, options, software)).toEqual([]);
          // Under a mask it is never read.
          const mask = tensor(Uint8Array.of(0, 1, 1, 1), [4]);
          expect(await compare({ ...problem, inputs }, { ...options, mask }, software)).toEqual([]);
        }
      }
    },
  );

  const floats = problemsOf(small, 56).filter(
    ({ name }) => !["combine", "l2Penalty"].includes(name),
  );
  test.each(floats)("$title reads half formats and writes gradients over them", async (problem) => {
    for (const dtype of ["f16", "bf16"] as const) {
      const halves = async (): Promise<Problem["inputs"]> =>
        Object.fromEntries(
          await Promise.all(
            Object.entries(problem.inputs).map(async ([name, given]) => {
              if (given.dtype !== "f32") return [name, given] as const;
              const data = Float32Array.from((await given.read()) as Float32Array);
              return [name, tensor(data, given.shape, { dtype })] as const;
            }),
          ),
        );
      const floating = problem.wrt.filter((name) => name in problem.inputs);
      const want = await run(
        { ...problem, inputs: await halves() },
        { gradients: floating },
        reference,
      );
      const own = await run(
        { ...problem, inputs: await halves() },
        { gradients: floating },
        software,
      );
      expect(apart(own, want)).toEqual([]);
      const places = Object.fromEntries(floating.map((name) => [name, "inPlace"]));
      const over = await run(
        { ...problem, inputs: await halves() },
        { gradients: places },
        software,
      );
      expect(apart(over, want, dtype)).toEqual([]);
    }
  });
});

describe("what only the GPU can see", () => {
  test("offsets that do not rise are counted and thrown at the first read", async () => {
    const { loss: source } = await reduce([0, 0, 0], { reduction: "none", backend: software });
    const { device } = software;
    const buffer = device?.createBuffer({ size: 16, usage: 0x80 | 0x08 }) as GPUBuffer;
    device?.queue.writeBuffer(buffer, 0, Int32Array.of(0, 3, 1, 3));
    const segments = tensor(buffer, [4], { dtype: "i32" });
    const { loss } = await reduce(source, { segments, backend: software });
    await expect(loss.read()).rejects.toThrow(/reduce: segments do not rise from 0 to 3/);
  });

  test("offsets of 64 bits are read from where they begin, and so is a mask of bytes", async () => {
    const { device } = software;
    const put = (data: BigInt64Array | Uint8Array): GPUBuffer => {
      const buffer = device?.createBuffer({ size: data.byteLength, usage: 0x80 | 0x08 });
      device?.queue.writeBuffer(buffer as GPUBuffer, 0, data as Uint8Array<ArrayBuffer>);
      return buffer as GPUBuffer;
    };
    const offsets = { buffer: put(BigInt64Array.of(7n, 7n, 7n, 0n, 2n, 5n)), offset: 24 };
    const segments = tensor(offsets, [3], { dtype: "i64" });
    const mask = Uint8Array.of(1, 0, 1, 1, 0);
    const losses = [1, 2, 3, 4, 5];
    const got = await reduce(losses, { segments, mask, backend: software });
    const want = await reduce(losses, {
      ...{ segments: Int32Array.of(0, 2, 5), mask },
      backend: reference,
    });
    expect([...(await got.loss.read())]).toEqual([...(await want.loss.read())]);
    expect([...(await want.loss.read())]).toEqual([1, 3.5]);
  });

  test("a label outside the classes is named as sequenceLogProbs' own", async () => {
    const { device } = software;
    const buffer = device?.createBuffer({ size: 8, usage: 0x80 | 0x08 }) as GPUBuffer;
    device?.queue.writeBuffer(buffer, 0, Int32Array.of(1, 9));
    const labels = tensor(buffer, [1, 2], { dtype: "i32" });
    const logits = tensor(new Float32Array(8), [1, 2, 4]);
    const { output } = await sequenceLogProbs(logits, labels, { backend: software });
    await expect(output.read()).rejects.toThrow(/sequenceLogProbs: labels lie outside \[0, 4\)/);
  });
});

test("terms are combined on the GPU, wherever each of them lies, and nothing is left behind", async () => {
  const backend = await openBackend({ device: software.device as GPUDevice });
  const result = await crossEntropy([[2, 1]], [0], { backend });
  const weight = tensor(Float32Array.of(3));
  const { loss, shares, destroy } = await combine(
    [
      { loss: result, weight },
      { loss: 0.5, weight: 2 },
    ],
    { backend },
  );
  const alone = await result.loss.item();
  expect(Math.abs((await loss.item()) - (3 * alone + 1))).toBeLessThan(1e-6);
  const parts = (await shares.read()) as Float32Array;
  expect(Math.abs((parts[0] as number) + (parts[1] as number) - 1)).toBeLessThan(2e-7);
  destroy();
  result.destroy();
  expect(backend.memory().live).toBe(0);
});

// Equal numbers round the same way at every step, so a running sum drifts where random ones stay close. Found from
// outside: 5e-4, 4e-5, 1e-5 and 8e-6 off before all of them were summed in blocks of blocks.
describe("a long sum of equal numbers is what float64 says", () => {
  const equal = (value: number, ...shape: number[]): Tensor =>
    tensor(new Float32Array(shape.reduce((size, extent) => size * extent, 1)).fill(value), shape);
  const losses = equal(0.1, 1_000_000);
  const weights = equal(0.7, 1_000_000);
  const [reconstructions, targets] = [equal(0.1, 1, 1_000_000), equal(0.3, 1, 1_000_000)];
  const rows = [equal(0.1, 200_000, 2), new Int32Array(200_000)] as const;
  const latent = equal(0.5, 1, 2);
  const calls: Readonly<Record<string, (backend: Backend) => Promise<{ loss: Tensor }>>> = {
    "100 000 sequences": (backend) =>
      reduce(equal(0.1, 100_000, 2), { reduction: "sequenceMean", backend }),
    "a segment of a million losses": (backend) =>
      reduce(losses, { weights, segments: [0, 1_000_000], reduction: "sum", backend }),
    "an image of a million pixels": (backend) =>
      elbo(reconstructions, targets, latent, latent, { reconstruction: "gaussian", backend }),
    "200 000 class weights": (backend) =>
      crossEntropy(...rows, { weight: [0.1, 0.2], reduction: "weightedMean", backend }),
  };

  test.each(Object.entries(calls))("%s", async (_, call) => {
    const [got, want] = await Promise.all(
      [software, reference].map(async (backend) => [await (await call(backend)).loss.item()]),
    );
    expect(apart({ loss: got as number[] }, { loss: want as number[] })).toEqual([]);
  });
});
