import { describe, expect, test } from "vitest";
import { crossEntropy, openBackend, type Tensor, tensor } from "../../src/index.js";
import {
  disagreements,
  limits,
  openAsHardware,
  openSoftware,
  read,
  readAll,
  worst,
} from "../against.js";
import { rowsOfAll } from "../distributions.js";
import { fill, labelsFrom, normalFrom, randomFrom } from "../random.js";

const reference = await openBackend({ kind: "cpu" });
const software = await openSoftware();
const device = software.device as GPUDevice;
const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;

/** A buffer of the caller's that begins with `before` elements of something else, and ends with as many. */
function guarded(data: Float32Array, before: number): { buffer: GPUBuffer; offset: number } {
  const whole = new Float32Array(data.length + 2 * before).fill(Number.NaN);
  whole.set(data, before);
  const buffer = device.createBuffer({
    size: whole.byteLength,
    usage: STORAGE | COPY_SRC | COPY_DST,
  });
  device.queue.writeBuffer(buffer, 0, whole);
  return { buffer, offset: before * 4 };
}

describe("more rows than one axis of a grid holds", () => {
  test("300 000 rows in 75 000 workgroups", async () => {
    const rows = 300_000;
    const normal = normalFrom(3);
    const inputs = [
      tensor(Float32Array.from(fill(rows * 2, normal)), [rows, 2]),
      labelsFrom(4, rows, 2),
    ] as const;
    const got = await crossEntropy(...inputs, { gradients: true, backend: software });
    const want = await crossEntropy(...inputs, { gradients: true, backend: reference });
    expect(await disagreements(got, want)).toEqual([]);
  });
});

describe("rows that begin where no 256 bytes divide", () => {
  test.each([1, 3, 63, 65])("logits behind %i other elements", async (before) => {
    const classes = 37;
    const { logits, labels, rows } = rowsOfAll(1, classes, before);
    const range = guarded(logits, before);
    const input = tensor(range, [rows, classes], { backend: software });
    const options = { reduction: "none", gradients: true } as const;
    const got = await crossEntropy(input, labels, { ...options, backend: software });
    const host = tensor(logits, [rows, classes]);
    const want = await crossEntropy(host, labels, { ...options, backend: reference });
    expect(await disagreements(got, want)).toEqual([]);
    range.buffer.destroy();
  });

  test("every tensor at an odd place of one buffer", async () => {
    const { logits, labels, rows } = rowsOfAll(1, 5, 3);
    const at = (data: ArrayLike<number>, before: number, shape: readonly number[]): Tensor =>
      tensor(guarded(Float32Array.from(data), before), shape, { backend: software });
    const normal = normalFrom(5);
    const numbers = {
      weight: fill(5, () => 1 + Math.abs(normal())),
      sampleWeight: fill(rows, () => 1 + Math.abs(normal())),
      mask: fill(rows, (row) => (row % 3 === 0 ? 0 : 1)),
      upstream: fill(rows, normal),
    };
    const host = Object.fromEntries(
      Object.entries(numbers).map(([name, data]) => [name, Float32Array.from(data)]),
    );
    const onGpu = Object.fromEntries(
      Object.entries(numbers).map(([name, data], index) => [
        name,
        at(data, 2 * index + 1, [data.length]),
      ]),
    );
    const labelBuffer = device.createBuffer({ size: 4 * rows + 12, usage: STORAGE | COPY_DST });
    device.queue.writeBuffer(labelBuffer, 12, labels);
    const targets = tensor({ buffer: labelBuffer, offset: 12 }, [rows], { dtype: "i32" });
    const options = { labelSmoothing: 0.1, gradients: ["logits", "temperature"] } as const;
    const got = await crossEntropy(at(logits, 7, [rows, 5]), targets, {
      ...options,
      ...onGpu,
      temperature: at([2], 3, []),
      reduction: { denominator: at([4], 5, []) },
      backend: software,
    });
    const want = await crossEntropy(tensor(logits, [rows, 5]), labels, {
      ...options,
      ...host,
      temperature: tensor([2], []),
      reduction: { denominator: 4 },
      backend: reference,
    });
    expect(await disagreements(got, want)).toEqual([]);
  });

  test("probabilities, their gradient and class weights at odd places", async () => {
    const random = randomFrom(6);
    const { logits, rows } = rowsOfAll(1, 5, 4);
    const shape = [rows, 5];
    const probabilities = Float32Array.from(fill(rows * 5, random));
    const weight = Float32Array.from(fill(5, random));
    const at = (data: Float32Array, before: number, extents: readonly number[]): Tensor =>
      tensor(guarded(data, before), extents, { backend: software });
    const options = { labelSmoothing: 0.1, gradients: ["logits", "targets"] } as const;
    const got = await crossEntropy(at(logits, 9, shape), at(probabilities, 5, shape), {
      ...options,
      weight: at(weight, 3, [5]),
      backend: software,
    });
    const inputs = [tensor(logits, shape), tensor(probabilities, shape)] as const;
    const want = await crossEntropy(...inputs, { ...options, weight, backend: reference });
    expect(await disagreements(got, want)).toEqual([]);
  });

  test("labels of 64 bits at an odd place", async () => {
    const { logits, labels, rows } = rowsOfAll(1, 5, 12);
    const wide = BigInt64Array.from([99n, 99n, 99n, ...Array.from(labels, BigInt)]);
    const buffer = device.createBuffer({ size: wide.byteLength, usage: STORAGE | COPY_DST });
    device.queue.writeBuffer(buffer, 0, wide);
    const targets = tensor({ buffer, offset: 24 }, [rows], { dtype: "i64" });
    const got = await crossEntropy(logits, targets, { gradients: true, backend: software });
    const want = await crossEntropy(logits, labels, { gradients: true, backend: reference });
    expect(await disagreements(got, want)).toEqual([]);
    buffer.destroy();
  });

  test("a gradient in place leaves what lies around the logits alone", async () => {
    const { logits, labels, rows } = rowsOfAll(1, 5, 7);
    const range = guarded(logits, 3);
    const input = tensor(range, [rows, 5], { backend: software });
    await crossEntropy(input, labels, { gradients: { logits: "inPlace" }, backend: software });
    const whole = tensor(range.buffer, [rows * 5 + 6], { backend: software });
    const numbers = await whole.read();
    expect([...numbers.slice(0, 3), ...numbers.slice(-3)]).toEqual(Array(6).fill(Number.NaN));
    expect(numbers.slice(3, -3).every(Number.isFinite)).toBe(true);
  });

  test.each(["f16", "bf16"] as const)(
    "a %s gradient in place keeps the other half of its words",
    async (dtype) => {
      const { logits, labels, rows } = rowsOfAll(1, 3, 8);
      const halves = await tensor(logits, [rows, 3], { dtype }).read();
      const size = rows * 3;
      const bits = new Uint16Array(size + 3);
      const storage = tensor(logits, [rows, 3], { dtype }).storage as { data: Uint16Array };
      bits.fill(0x1234).set(storage.data, 1);
      const buffer = device.createBuffer({
        size: 2 * bits.length,
        usage: STORAGE | COPY_SRC | COPY_DST,
      });
      device.queue.writeBuffer(buffer, 0, bits);
      const input = tensor({ buffer, offset: 2 }, [rows, 3], { dtype, backend: software });
      const options = { gradients: { logits: "inPlace" } } as const;
      const got = await crossEntropy(input, labels, { ...options, backend: software });
      const want = await crossEntropy(tensor(halves, [rows, 3]), labels, {
        gradients: true,
        backend: reference,
      });
      expect(await disagreements(got, want, { storage: dtype })).toEqual([]);
      const whole = tensor(buffer, [bits.length], { dtype, backend: software });
      const [first, last] = [0x1234, 0x1234].map((word) =>
        tensor(Uint16Array.of(word), [1], { dtype }),
      );
      const numbers = await whole.read();
      expect([numbers[0], numbers.at(-1)]).toEqual([
        (await (first as Tensor).read())[0],
        (await (last as Tensor).read())[0],
      ]);
      buffer.destroy();
    },
  );
});

describe("logits that no single binding holds", () => {
  // A binding of a few rows stands for one of 128 MiB: the planner knows only the number.
  test.each([
    ["f32", 4],
    ["f16", 2],
    ["bf16", 2],
  ] as const)("%s logits, bound a few rows at a time", async (dtype, bytes) => {
    const classes = 37;
    const backend = await openAsHardware({ maxBinding: 7 * classes * bytes + 256, software: true });
    const { logits, labels, rows } = rowsOfAll(5, classes, 6);
    const input = tensor(logits, [rows, classes], { dtype });
    for (const place of [true, "inPlace"] as const) {
      const gradients = { logits: place };
      const got = await crossEntropy(input, labels, { gradients, backend });
      const want = await crossEntropy(input, labels, { gradients: true, backend: reference });
      expect(await disagreements(got, want, { storage: place === true ? "f32" : dtype })).toEqual(
        [],
      );
    }
    backend.destroy();
  });

  test("an image of which a binding holds one sample", async () => {
    const backend = await openAsHardware({ maxBinding: 3 * 35 * 4 + 256, software: true });
    const normal = normalFrom(7);
    const shape = [4, 3, 5, 7];
    const input = tensor(Float32Array.from(fill(420, normal)), shape);
    const targets = tensor(labelsFrom(8, 140, 3), [4, 5, 7]);
    const options = { classAxis: 1, gradients: true } as const;
    const got = await crossEntropy(input, targets, { ...options, backend });
    const want = await crossEntropy(input, targets, { ...options, backend: reference });
    expect(await disagreements(got, want)).toEqual([]);
    backend.destroy();
  });

  test("160 MiB on a device whose bindings hold 128", async () => {
    const adapter = await navigator.gpu.requestAdapter();
    const own = (await adapter?.requestDevice()) as GPUDevice;
    const small = await openBackend({ device: own });
    expect(own.limits.maxStorageBufferBindingSize).toBe(128 * 2 ** 20);
    const classes = 50_257;
    const rows = 832;
    const { logits, labels } = rowsOfAll(1, classes, 9);
    const eight = logits.subarray(0, 8 * classes);
    const buffer = own.createBuffer({ size: rows * classes * 4, usage: STORAGE | COPY_DST });
    for (let row = 0; row < rows; row += 8) own.queue.writeBuffer(buffer, row * classes * 4, eight);
    const targets = Int32Array.from({ length: rows }, (_, row) => labels[row % 8] as number);
    const input = tensor(buffer, [rows, classes], { backend: small });
    const got = await crossEntropy(input, targets, { reduction: "none", backend: small });
    const want = await crossEntropy(tensor(eight, [8, classes]), labels.subarray(0, 8), {
      reduction: "none",
      backend: reference,
    });
    const values = await read(got.loss);
    // Sixteen rows on, a row begins alike in a line of 64 bytes.
    const period = values.slice(0, 16);
    const periods = Array.from(values, (_, row) => period[row % 16] as number);
    expect(Array.from(values), "the same rows, the same bits").toEqual(periods);
    const losses = await read(want.loss);
    const { share, at } = worst(period, [...losses, ...losses], limits.loss);
    expect(share, at).toBeLessThanOrEqual(1);
    buffer.destroy();
    own.destroy();
  });
});

describe("rows whose factors no single binding holds", () => {
  // A binding of 64 KiB holds those of one block of 4096 rows.
  const normal = normalFrom(12);
  const numbers = (count: number): Float32Array => Float32Array.from(fill(count, normal));
  const rows = 9001;
  const perRow = {
    mask: Uint8Array.from({ length: rows }, (_, row) => Number(row % 5 !== 0)),
    // Powers of two: what is looked at is the place of a factor, not how many of them are rounded.
    sampleWeight: Float32Array.from({ length: rows }, (_, row) => 2 ** (row % 3)),
    upstream: Float32Array.from({ length: rows }, (_, row) => -(2 ** (row % 7)) / 64),
  };
  const soft = new Float32Array(rows * 3).map(
    (_, at) => [0.25, 0.5, 0.25][(at * 5 + (at >> 4)) % 3] as number,
  );
  const wide = BigInt64Array.from(labelsFrom(13, rows, 3), BigInt);
  const outputs = ["logSumExp", "entropy", "correct"] as const;
  test.each<[string, readonly number[], "f32" | "f16", ArrayLike<unknown>, object]>([
    [
      "labels of 64 bits, weights and every output",
      [rows, 3],
      "f32",
      wide,
      {
        ...perRow,
        weight: [1, 2, 3],
        outputs,
        temperature: tensor([2], []),
        gradients: ["logits", "temperature"],
        reduction: "weightedMean",
      },
    ],
    ["a loss each", [rows, 3], "f32", wide, { reduction: "none" }],
    [
      "16-bit logits in place",
      [rows, 3],
      "f16",
      wide,
      { mask: perRow.mask, gradients: { logits: "inPlace" } },
    ],
    [
      "probabilities and their gradient",
      [rows, 3],
      "f32",
      soft,
      { gradients: ["logits", "targets"] },
    ],
    [
      "images with a border of factors inside them",
      [3, 3, 3001],
      "f32",
      labelsFrom(14, 9003, 3),
      { classAxis: 1, gradients: true, outputs },
    ],
    [
      "sequences, each a mean of its own",
      [1501, 6, 3],
      "f32",
      labelsFrom(15, 9006, 3),
      { shift: true, gradients: true, reduction: "sequenceMean" },
    ],
  ])("%s", async (_, shape, dtype, data, options) => {
    const input = tensor(numbers(shape.reduce((a, b) => a * b)), shape, { dtype });
    const classAxis = "classAxis" in options ? 1 : shape.length - 1;
    const isSoft = data instanceof Float32Array;
    const targets = tensor(data as Float32Array, isSoft ? shape : shape.toSpliced(classAxis, 1));
    const run = (backend: typeof software) => crossEntropy(input, targets, { ...options, backend });
    const small = await openAsHardware({ maxBinding: 2 ** 16, software: true });
    const sliced = await readAll(await run(small));
    const whole = await readAll(await run(software));
    for (const [name, values] of Object.entries(whole)) expect(sliced[name], name).toEqual(values);
    // The gradients of a pass that takes all rows are compared with float64 elsewhere.
    const { gradients: __, ...others } = options as { gradients?: unknown };
    const want = await crossEntropy(input, targets, { ...others, backend: reference });
    expect(await disagreements(await run(software), want)).toEqual([]);
    small.destroy();
  });
});
