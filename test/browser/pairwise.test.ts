import { afterAll, describe, expect, test } from "vitest";
import { type Backend, infoNCE, openBackend, type Tensor, tensor } from "../../src/index.js";
import { openAsHardware, openSoftware, readAll, rounding, scaleOf, worst } from "../against.js";
import {
  matrices,
  matrixLosses,
  type PairLoss,
  type PairProblem,
  pairLosses,
  type Shape,
  vectorsOf,
} from "../pairProblems.js";
import { fill, randomFrom } from "../random.js";
import { rowFunctionNamed } from "../rowProblems.js";

const reference = await openBackend({ kind: "cpu" });
const software = await openSoftware();
const hardware = await openAsHardware();
/** Bindings so small that matrices and vectors are cut into tiles, as either device class cuts them. */
const narrow = [
  await openAsHardware({ maxBinding: 2 ** 14, software: true }),
  await openAsHardware({ maxBinding: 2 ** 14 }),
];
const device = software.device as GPUDevice;
afterAll(() => {
  for (const backend of narrow) backend.destroy();
});
const planned: readonly (readonly [string, Backend])[] = [
  ["few lanes, as for a software adapter", software],
  ["many lanes, as for a GPU", hardware],
];

type Named = Readonly<Record<string, unknown>>;
type Numbers = Readonly<Record<string, ArrayLike<number>>>;
const every = [...pairLosses, ...matrices];
/** Each function with its first options: for what compiles large kernels, a second or more each, and knows no options. */
const functions = every.filter(({ title }, at) => {
  const name = (title: string) => title.split(",")[0];
  return every.findIndex((other) => name(other.title) === name(title)) === at;
});

/** The largest number that a loss takes differences of: a distance or a dot product; cosines are 1 at most. */
async function reachOf({ loss, inputs, options }: PairProblem): Promise<number> {
  const way = options["distance"] ?? options["metric"] ?? (loss === "contrastive" ? "squared" : "");
  const isPlain = options["normalize"] === false || way === "dot";
  const measures = ["l2", "squared", "p", "euclidean"].includes(way as string);
  if (!isPlain && !measures && loss !== "triplet") return 1;
  const p = way === "p" ? (options["p"] as number) : 2;
  let longest = 0;
  for (const given of Object.values(inputs)) {
    if (given.shape.length !== 2) continue;
    const data = (await given.read()) as Float32Array;
    const depth = given.shape[1] as number;
    for (let base = 0; base < data.length; base += depth) {
      const row = Array.from(data.subarray(base, base + depth), Math.abs);
      const power = Number.isFinite(p) ? p : 64;
      longest = Math.max(longest, row.reduce((sum, x) => sum + x ** power, 0) ** (1 / power));
    }
  }
  return isPlain ? longest ** 2 : way === "squared" ? (2 * longest) ** 2 : 2 * longest;
}

/**
 * Values are off by at most 4e-6, 2e-6 of themselves, and four steps of float32 at what they are differences of. A slope
 * follows the error of its similarity, 4e-7 times the scale: 5e-6 of itself, and 5e-7 of the largest where terms cancel.
 */
function apart(
  got: Numbers,
  want: Numbers,
  storage: keyof typeof rounding = "f32",
  reach = 1,
): string[] {
  const { relative, absolute } = rounding[storage];
  return Object.entries(want).flatMap(([name, numbers]) => {
    const isGradient = name.startsWith("gradients");
    const share = isGradient ? 5e-6 + relative : 2e-6;
    // A learned number's gradient is one sum of terms of both signs, up to 1 each.
    const scale = Math.max(scaleOf(numbers), numbers.length === 1 ? 1 : 0);
    const floor = isGradient ? 5e-7 * scale + absolute : 4e-6 + reach * 2 ** -22;
    const off = worst(got[name] ?? [], numbers, (x) => floor + share * Math.abs(x));
    return off.share > 1 ? [`${name}${off.at} (${off.share.toPrecision(3)} times)`] : [];
  });
}

async function run(
  { loss, inputs, wrt, options }: PairProblem,
  more: Named,
  backend: Backend,
): Promise<Record<string, Float32Array>> {
  const all = { gradients: wrt, ...options, ...more, backend };
  return readAll(await rowFunctionNamed(loss)(...([...Object.values(inputs), all] as never[])));
}

const unreduced = ({ loss }: PairProblem): Named =>
  loss === "similarityMatrix" ? {} : { reduction: "none" };

async function compare(problem: PairProblem, more: Named, backend: Backend): Promise<string[]> {
  const got = await run(problem, more, backend);
  return apart(got, await run(problem, more, reference), "f32", await reachOf(problem));
}

/** Rows that are long, short, equal, opposite and without a direction. */
const extreme: Shape = (row) =>
  [
    { factor: 1 },
    { factor: 0 },
    { factor: 1, like: 0 },
    { factor: -1, like: 0 },
    { factor: 64 },
    { factor: 2 ** -12 },
  ][row % 6] as { factor: number };

describe.each(planned)("pairs planned with %s give the float64 numbers", (_, backend) => {
  test.each(functions)("of $title, from one row to many", async ({ make, least = 1 }) => {
    const problems: string[] = [];
    for (const [rows, depth] of [
      [1, 1],
      [5, 8],
      [70, 130],
    ] as const) {
      if (rows < least) continue;
      const problem = make(vectorsOf(rows, depth, 40 + rows, { columns: rows + 3 }));
      const found = await compare(problem, unreduced(problem), backend);
      problems.push(...found.map((text) => `${rows} × ${depth}: ${text}`));
    }
    expect(problems).toEqual([]);
  });

  test.each(every)("of $title, whatever the lengths of the rows", async ({ make }) => {
    const problem = make(vectorsOf(14, 9, 3, { shape: extreme }));
    expect(await compare(problem, unreduced(problem), backend)).toEqual([]);
  });
});

describe("where a binding holds only a part of the vectors and of the matrix", () => {
  test.each(functions)("$title gives the float64 numbers", async ({ make }) => {
    const problem = make(vectorsOf(150, 40, 5, { columns: 171 }));
    for (const backend of narrow) {
      expect(await compare(problem, unreduced(problem), backend)).toEqual([]);
    }
  });
});

// The tall tiles need a problem of their size; without subgroups each lane reads whole blocks by itself.
test.each(["with subgroups", "without"])("large products, %s", async (way) => {
  const alone = { software: true, features: new Set<string>() };
  const backend = way === "without" ? await openAsHardware(alone) : software;
  const [cosine] = matrices as [PairLoss];
  expect(await compare(cosine.make(vectorsOf(257, 270, 6)), {}, backend)).toEqual([]);
  if (way === "without") backend.destroy();
});

const matrixLike = new Set(
  [...matrixLosses, ...matrices].map(({ make }) => make(vectorsOf(3, 2, 1)).loss),
);

describe("rows of NaN and infinities have the CPU's answer", () => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  const poisons = [
    ["one NaN", (row: Float32Array) => row.fill(nan, 0, 1)],
    ["one infinity", (row: Float32Array) => row.fill(-inf, 1, 2)],
    ["nothing but infinities", (row: Float32Array) => row.fill(inf)],
    ["nothing but NaN", (row: Float32Array) => row.fill(nan)],
  ] as const;
  const matrixOf = ({ inputs }: PairProblem): string[] =>
    Object.keys(inputs).filter((name) => inputs[name]?.shape.length === 2);

  async function poisoned(
    problem: PairProblem,
    name: string,
    row: number,
    spoil: (row: Float32Array) => void,
  ): Promise<PairProblem> {
    const given = problem.inputs[name] as Tensor;
    const depth = given.shape[1] as number;
    const data = Float32Array.from((await given.read()) as Float32Array);
    spoil(data.subarray(row * depth, (row + 1) * depth));
    return { ...problem, inputs: { ...problem.inputs, [name]: tensor(data, given.shape) } };
  }

  const isGiven = ({ make }: PairLoss): boolean => !matrixLike.has(make(vectorsOf(3, 2, 1)).loss);
  async function differences(
    sound: PairProblem,
    look: (got: Numbers, want: Numbers) => string[],
  ): Promise<string[]> {
    const problems: string[] = [];
    for (const name of matrixOf(sound)) {
      for (const [title, spoil] of poisons) {
        const problem = await poisoned(sound, name, 2, spoil);
        const got = await run(problem, unreduced(problem), software);
        const want = await run(problem, unreduced(problem), reference);
        problems.push(...look(got, want).map((text) => `${title} in ${name}: ${text}`));
      }
    }
    return problems;
  }

  test.each(every.filter(isGiven))("$title: in their own row alone", async ({ make }) => {
    const sound = make(vectorsOf(7, 5, 12));
    const reach = await reachOf(sound);
    const look = (got: Numbers, want: Numbers) => apart(got, want, "f32", reach);
    expect(await differences(sound, look)).toEqual([]);
  });

  // A product of matrices adds 0 × NaN, which the CPU leaves out: the GPU may lose more, but hides nothing.
  test.each(every.filter((loss) => !isGiven(loss)))("$title: none is hidden", async ({ make }) => {
    const sound = make(vectorsOf(7, 5, 12));
    const reach = await reachOf(sound);
    const look = (got: Numbers, want: Numbers): string[] =>
      Object.entries(want).flatMap(([name, numbers]) => {
        const own = Array.from(got[name] ?? []);
        const hidden =
          name === "loss"
            ? own.findIndex((x, at) => Number.isFinite(x) && !Number.isFinite(numbers[at]))
            : -1;
        const both = (at: number) => Number.isFinite(own[at]) && Number.isFinite(numbers[at]);
        const kept = (list: ArrayLike<number>) => Array.from(list).filter((_, at) => both(at));
        const found = apart({ [name]: kept(own) }, { [name]: kept(numbers) }, "f32", reach);
        return hidden < 0 ? found : [...found, `${name}[${hidden}] is ${own[hidden]}`];
      });
    expect(await differences(sound, look)).toEqual([]);
  });

  // In a symmetric loss, or one of a set against itself, every row is another's candidate.
  const alone = pairLosses.filter(({ make }) => {
    const { loss, options } = make(vectorsOf(3, 2, 1));
    return (
      loss.endsWith("dding") || ["triplet", "contrastive"].includes(loss) || isOneWay(loss, options)
    );
  });
  function isOneWay(loss: string, { symmetric, normalize }: Named): boolean {
    return ["infoNCE", "infoNCEScores"].includes(loss) && !symmetric && normalize !== false;
  }

  test.each(alone)("$title: a masked row is never read", async ({ make }) => {
    const sound = make(vectorsOf(4, 5, 13));
    const mask = tensor(Uint8Array.of(1, 0, 1, 1), [4]);
    const first = matrixOf(sound)[0] as string;
    const problem = await poisoned(sound, first, 1, (row) => row.fill(nan));
    const got = await run(problem, { ...unreduced(problem), mask }, software);
    const want = await run(sound, { ...unreduced(problem), mask }, reference);
    expect(apart(got, want, "f32", await reachOf(sound))).toEqual([]);
    expect(got["loss"]?.[1]).toBe(0);
    const depth = sound.inputs[first]?.shape[1] as number;
    const gradient = got[`gradients.${first}`] as Float32Array;
    expect([...gradient.subarray(depth, 2 * depth)].every((x) => Math.abs(x) === 0)).toBe(true);
  });
});

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
];

describe("every reduction, with mask, weights and upstream factors", () => {
  test.each(pairLosses)("$title", async ({ make }) => {
    const random = randomFrom(9);
    const problem = make(vectorsOf(6, 4, 8));
    const lines = ["ntXent", "dcl"].includes(problem.loss) ? 12 : 6;
    const perRow = (): Tensor => tensor(Float32Array.from(fill(lines, random)), [lines]);
    const problems: string[] = [];
    for (const [turn, reduction] of reductions.entries()) {
      const more = {
        reduction,
        mask: tensor(Uint8Array.from(fill(lines, (row) => +((row + turn) % 3 > 0))), [lines]),
        sampleWeight: perRow(),
        upstream: turn % 2 ? perRow() : -2.5,
      };
      const found = await compare(problem, more, software);
      problems.push(...found.map((text) => `${JSON.stringify(reduction)}: ${text}`));
    }
    expect(problems).toEqual([]);
  });
});

/** The same inputs in a 16-bit format; labels stay as they are. */
async function stored(problem: PairProblem, dtype: "f16" | "bf16"): Promise<PairProblem> {
  const entries = Object.entries(problem.inputs).map(async ([name, given]) => {
    if (given.dtype !== "f32" || given.shape.length !== 2) return [name, given] as const;
    const data = Float32Array.from((await given.read()) as Float32Array);
    return [name, tensor(data, given.shape, { dtype })] as const;
  });
  return { ...problem, inputs: Object.fromEntries(await Promise.all(entries)) };
}

describe.each(["f16", "bf16"] as const)("vectors stored as %s", (dtype) => {
  test.each(every)("of $title, gradients beside them and over them", async ({ make }) => {
    // An odd depth: rows begin in the middle of words.
    const problem = await stored(make(vectorsOf(9, 7, 14)), dtype);
    const reach = await reachOf(problem);
    const want = await run(problem, {}, reference);
    expect(apart(await run(problem, {}, software), want, "f32", reach)).toEqual([]);
    const places = problem.wrt.map((name) => {
      const isVector = problem.inputs[name]?.shape.length === 2;
      return [name, isVector ? "inPlace" : true];
    });
    const over = await run(problem, { gradients: Object.fromEntries(places) }, software);
    expect(apart(over, want, dtype, reach)).toEqual([]);
  });
});

describe("the same call twice", () => {
  test.each(every)("of $title gives the same bits", async ({ make }) => {
    const problem = make(vectorsOf(40, 33, 15));
    for (const backend of [software, hardware]) {
      expect(await run(problem, {}, backend)).toEqual(await run(problem, {}, backend));
    }
  });
});

test("a plan takes another temperature without another kernel", async () => {
  const { a, b } = vectorsOf(6, 5, 16);
  const shape = [6, 5];
  const plan = await infoNCE.plan(
    { queries: shape, keys: shape },
    { gradients: true, backend: software },
  );
  for (const temperature of [0.07, 0.5, 2]) {
    const got = await plan.run({ queries: a, keys: b }, { temperature }).loss.item();
    const want = await infoNCE(a, b, { temperature, backend: reference });
    expect(Math.abs(got - (await want.loss.item()))).toBeLessThan(4e-6);
  }
  plan.destroy();
});

test("a key that is not there is judged on the GPU, and thrown at the first read", async () => {
  const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
  const buffer = device.createBuffer({ size: 16, usage: STORAGE | COPY_SRC | COPY_DST });
  device.queue.writeBuffer(buffer, 0, Int32Array.of(0, 4, 1, -3));
  const targets = tensor(buffer, [4], { dtype: "i32", backend: software });
  const { a, b } = vectorsOf(4, 3, 17);
  const { loss, stats } = await infoNCE(a, b, { targets, backend: software });
  expect((await stats.read()).outOfRange).toBe(2);
  await expect(loss.item()).rejects.toThrow(/2 of the 4 labels in infoNCE: targets lie outside/);
  buffer.destroy();
});
