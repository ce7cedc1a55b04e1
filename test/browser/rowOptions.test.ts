import { afterAll, describe, expect, test } from "vitest";
import {
  type Backend,
  ctc,
  multilabelMargin,
  nll,
  openBackend,
  softmaxFocal,
  type Tensor,
  tensor,
} from "../../src/index.js";
import {
  openAsHardware,
  openSoftware,
  read,
  readAll,
  rounding,
  scaleOf,
  worst,
} from "../against.js";
import { fill, labelsFrom, normalFrom, randomFrom } from "../random.js";
import { ctcProblem, normalRows, rowFunctionNamed, rowLosses, titleOf } from "../rowProblems.js";

const reference = await openBackend({ kind: "cpu" });
const backend = await openSoftware();
// A binding of a few rows: every problem below is cut into several passes.
const cramped = await openAsHardware({ maxBinding: 4096, software: true });
const device = backend.device as GPUDevice;
afterAll(() => cramped.destroy());

type Named = Readonly<Record<string, unknown>>;
const every = rowLosses.map((loss) => {
  const { options } = loss.make(normalRows(2, 3, 1));
  return { ...loss, title: titleOf(loss.name, options) };
});

async function run(
  name: string,
  inputs: Named,
  options: Named,
): Promise<Record<string, Float32Array>> {
  return readAll(await rowFunctionNamed(name)(...([...Object.values(inputs), options] as never[])));
}

function apart(
  got: Readonly<Record<string, ArrayLike<number>>>,
  want: Readonly<Record<string, ArrayLike<number>>>,
  storage: keyof typeof rounding = "f32",
): string[] {
  const { relative, absolute } = rounding[storage];
  return Object.entries(want).flatMap(([name, numbers]) => {
    const isGradient = name.startsWith("gradients");
    const base = isGradient ? 1e-7 * Math.max(scaleOf(numbers), 1) + absolute : 1e-7;
    const share = isGradient ? 5e-6 + relative : 2e-6;
    const off = worst(got[name] ?? [], numbers, (x) => base + share * Math.abs(x));
    return off.share > 1 ? [`${name}${off.at} (${off.share.toPrecision(3)} times)`] : [];
  });
}

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
  test.each(every)("$title", async (loss) => {
    const random = randomFrom(9);
    const rows = normalRows(6, 5, 8);
    const { inputs, options } = loss.make(rows);
    const perRow = (): Tensor => tensor(Float32Array.from(fill(6, random)), [6]);
    const problems: string[] = [];
    for (const [turn, reduction] of reductions.entries()) {
      const setting = loss.settings[turn % loss.settings.length];
      const all = {
        ...{ ...options, ...setting, reduction, gradients: loss.wrt },
        mask: turn % 2 ? [1, 0, 1, 1, 0, 1] : Float32Array.of(0.5, 0, 2, 1, 1, 0),
        sampleWeight: perRow(),
        upstream: turn % 3 ? perRow() : -2.5,
      };
      const got = await run(loss.name, inputs, { ...all, backend });
      const want = await run(loss.name, inputs, { ...all, backend: reference });
      problems.push(...apart(got, want).map((text) => `${JSON.stringify(reduction)}: ${text}`));
    }
    expect(problems).toEqual([]);
  });

  test("counts and denominators are the CPU's", async () => {
    const logits = tensor(Float32Array.from(fill(12, normalFrom(1))), [4, 3]);
    const options = { weight: [1, 2, 3], mask: [1, 1, 0, 1] };
    const got = await nll(logits, [0, -100, 2, 1], { ...options, backend });
    const want = await nll(logits, [0, -100, 2, 1], { ...options, backend: reference });
    expect(await got.stats.read()).toEqual(await want.stats.read());
  });
});

/** The same inputs in a 16-bit format; labels stay as they are. */
async function stored(inputs: Readonly<Record<string, Tensor>>, dtype: "f32" | "f16" | "bf16") {
  const entries = Object.entries(inputs).map(async ([name, given]) => {
    if (given.dtype !== "f32") return [name, given];
    const data = Float32Array.from((await given.read()) as Float32Array);
    return [name, tensor(data, given.shape, { dtype })];
  });
  return Object.fromEntries(await Promise.all(entries)) as Record<string, Tensor>;
}

describe.each(["f32", "f16", "bf16"] as const)("numbers stored as %s", (dtype) => {
  test.each(every)("of $title, cut into passes", async (loss) => {
    // An odd count of classes: rows begin in the middle of words.
    const { inputs, options } = loss.make(normalRows(40, 37, 12));
    const given = await stored(inputs, dtype);
    const all = { ...options, reduction: "none", gradients: loss.wrt };
    const want = await run(loss.name, given, { ...all, backend: reference });
    const got = await run(loss.name, given, { ...all, backend: cramped });
    expect(apart(got, want)).toEqual([]);
  });

  test.each(every)("of $title, the gradient over the input", async (loss) => {
    const { inputs, options } = loss.make(normalRows(40, 37, 12));
    const places = Object.fromEntries(loss.wrt.map((name) => [name, "inPlace"]));
    const all = { ...options, gradients: places };
    const beside = { ...options, gradients: loss.wrt };
    const given = await stored(inputs, dtype);
    const want = await run(loss.name, given, { ...beside, backend: reference });
    for (const on of [backend, cramped]) {
      const got = await run(loss.name, given, { ...all, backend: on });
      expect(apart(got, want, dtype)).toEqual([]);
    }
  });
});

/** A buffer of the caller's that begins with `before` bytes of ones, and ends with as many. */
function guarded(data: Uint16Array, before: number): GPUBuffer {
  const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
  const whole = new Uint8Array(Math.ceil((data.byteLength + 2 * before) / 4) * 4).fill(255);
  whole.set(new Uint8Array(data.buffer), before);
  const buffer = device.createBuffer({ size: whole.length, usage: STORAGE | COPY_SRC | COPY_DST });
  device.queue.writeBuffer(buffer, 0, whole);
  return buffer;
}

test("halves that begin anywhere are overwritten, and their neighbours left alone", async () => {
  const [rows, classes] = [9, 7];
  const halves = Uint16Array.from(fill(rows * classes, (at) => 0x3c00 + 7 * at));
  const labels = labelsFrom(4, rows, classes);
  const host = tensor(halves, [rows, classes], { dtype: "f16" });
  const want = await softmaxFocal(host, labels, { gradients: true, backend: reference });
  const expected = await read(want.gradients.logits);
  for (const before of [2, 4, 6, 254, 256, 258]) {
    const buffer = guarded(halves, before);
    const logits = tensor({ buffer, offset: before }, [rows, classes], { dtype: "f16", backend });
    const options = { gradients: { logits: "inPlace" }, backend } as const;
    const got = await softmaxFocal(logits, labels, options);
    expect(
      apart({ gradients: await read(got.gradients.logits) }, { gradients: expected }, "f16"),
    ).toEqual([]);
    const around = tensor({ buffer }, [buffer.size / 4], { dtype: "u32", backend });
    const bytes = new Uint8Array(((await around.read()) as Uint32Array).slice().buffer);
    const outside = [...bytes.subarray(0, before), ...bytes.subarray(before + halves.byteLength)];
    expect(new Set(outside)).toEqual(new Set([255]));
    got.destroy();
    buffer.destroy();
  }
});

describe("the same call twice", () => {
  test.each(every)("of $title gives the same bits", async (loss) => {
    const { inputs, options } = loss.make(normalRows(20, 300, 3));
    const all = { ...options, gradients: loss.wrt, backend };
    expect(await run(loss.name, inputs, all)).toEqual(await run(loss.name, inputs, all));
  });
});

test("a plan takes another temperature without another kernel", async () => {
  const { distillation } = await import("../../src/index.js");
  const { scores, others } = normalRows(4, 6, 2);
  const shape = [4, 6];
  const plan = await distillation.plan(
    { studentLogits: shape, teacherLogits: shape },
    { gradients: true, backend },
  );
  const inputs = { studentLogits: tensor(scores, shape), teacherLogits: tensor(others, shape) };
  for (const temperature of [1, 2, 0.5]) {
    const got = await plan.run(inputs, { temperature }).loss.item();
    const options = { temperature, backend: reference };
    const want = await distillation(inputs.studentLogits, inputs.teacherLogits, options);
    expect(Math.abs(got - (await want.loss.item()))).toBeLessThan(3e-6);
  }
  plan.destroy();
});

/** Integers in a buffer of the GPU, where nobody could look at them before. */
function onGpu(data: Int32Array, shape: readonly number[], on: Backend): Tensor {
  const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
  const buffer = device.createBuffer({
    size: Math.max(data.byteLength, 4),
    usage: STORAGE | COPY_SRC | COPY_DST,
  });
  device.queue.writeBuffer(buffer, 0, data as Int32Array<ArrayBuffer>);
  return tensor(buffer, shape, { dtype: "i32", backend: on });
}

describe("labels that only the GPU can see", () => {
  const logits = tensor(Float32Array.from(fill(12, normalFrom(6))), [4, 3]);

  test("are judged there, and thrown at the first read", async () => {
    const labels = onGpu(Int32Array.of(0, 3, -1, 2), [4], backend);
    const { loss, stats } = await softmaxFocal(logits, labels, { backend });
    expect((await stats.read()).outOfRange).toBe(2);
    await expect(loss.item()).rejects.toThrow(
      /2 of the 4 labels in softmaxFocal: targets lie outside \[0, 3\)/,
    );
  });

  test("in lists are judged up to the list's end", async () => {
    const good = onGpu(Int32Array.of(0, 2, -1, 1, -1, 7, 2, 2, 2, -1, 0, 0), [4, 3], backend);
    const options = { reduction: "none", gradients: true } as const;
    const got = await readAll(await multilabelMargin(logits, good, { ...options, backend }));
    const host = Int32Array.of(0, 2, -1, 1, -1, 7, 2, 2, 2, -1, 0, 0);
    const want = await multilabelMargin(logits, tensor(host, [4, 3]), {
      ...options,
      backend: reference,
    });
    expect(apart(got, await readAll(want))).toEqual([]);
    const bad = onGpu(Int32Array.of(0, 3, -1, 1, -1, 7, 2, 2, 2, -1, 0, 0), [4, 3], backend);
    const { loss } = await multilabelMargin(logits, bad, { ...options, backend });
    await expect(loss.read()).rejects.toThrow(/1 labels in multilabelMargin: targets lie outside/);
  });
});

describe("ctc", () => {
  const sizes = [
    [1, 1, 2, 1],
    [12, 3, 5, 4],
    [60, 2, 30, 12],
    [250, 2, 12, 40],
  ] as const;

  test.each(sizes)("of %i frames, %i sequences, %i classes, %i labels", async (...size) => {
    const { inputs, options } = ctcProblem(...size, 5);
    const problems: string[] = [];
    for (const [turn, on] of [backend, cramped, await openAsHardware()].entries()) {
      const reduction = ["none", "mean", "sum"][turn];
      const all = { ...options, reduction, gradients: ["logProbs"] };
      const got = await run("ctc", inputs, { ...all, backend: on });
      const want = await run("ctc", inputs, { ...all, backend: reference });
      problems.push(...apart(got, want));
    }
    expect(problems).toEqual([]);
  });

  test("the gradient over halves, cut by frames", async () => {
    const { inputs, options } = ctcProblem(90, 3, 7, 5, 8);
    const given = await stored(inputs, "f16");
    const all = { ...options, reduction: "sum" };
    const want = await run("ctc", given, { ...all, gradients: ["logProbs"], backend: reference });
    const places = { logProbs: "inPlace" };
    const got = await run("ctc", given, { ...all, gradients: places, backend: cramped });
    expect(apart(got, want, "f16")).toEqual([]);
  });

  test("a frame of NaN, impossible labels and no frames at all have the CPU's answer", async () => {
    const { inputs } = ctcProblem(4, 5, 3, 3, 2);
    const data = (await inputs["logProbs"]?.read()) as Float32Array;
    const logProbs = Float32Array.from(data);
    logProbs.fill(Number.NaN, 5 * 3, 5 * 3 + 3);
    logProbs[(2 * 5 + 1) * 3 + 1] = Number.NEGATIVE_INFINITY;
    const targets = tensor(Int32Array.of(1, 2, 1, 1, 2, 2, 1, 1, 1, 1, 2, 1, 2, 1, 2), [5, 3]);
    const lengths = { inputLengths: [4, 4, 2, 0, 0], targetLengths: [2, 3, 3, 0, 1] };
    for (const zeroInfinity of [false, true]) {
      const all = { ...lengths, zeroInfinity, reduction: "none", gradients: ["logProbs"] };
      const given = { logProbs: tensor(logProbs, [4, 5, 3]), targets };
      const got = await run("ctc", given, { ...all, backend });
      const want = await run("ctc", given, { ...all, backend: reference });
      expect(apart(got, want)).toEqual([]);
    }
  });

  test("lengths and labels that only the GPU can see are judged there", async () => {
    const { inputs } = ctcProblem(4, 2, 3, 2, 3);
    const logProbs = inputs["logProbs"] as Tensor;
    const labels = onGpu(Int32Array.of(1, 2, 2, 9), [2, 2], backend);
    const whole = onGpu(Int32Array.of(2, 2), [2], backend);
    const { loss } = await ctc(logProbs, labels, { targetLengths: whole, backend });
    await expect(loss.item()).rejects.toThrow(/1 labels or lengths of ctc lie outside/);
    const short = onGpu(Int32Array.of(2, 1), [2], backend);
    const options = { reduction: "none", gradients: true } as const;
    const got = await ctc(logProbs, labels, { ...options, targetLengths: short, backend });
    const want = await ctc(logProbs, tensor(Int32Array.of(1, 2, 2, 1), [2, 2]), {
      ...options,
      targetLengths: [2, 1],
      backend: reference,
    });
    expect(apart(await readAll(got), await readAll(want))).toEqual([]);
  });
});
