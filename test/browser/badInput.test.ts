import { afterAll, afterEach, describe, expect, test } from "vitest";
import { type Backend, crossEntropy, LossError, openBackend, tensor } from "../../src/index.js";
import { badInputs } from "../bad/index.js";
import { ownDevice, watch } from "../ledger.js";

const device = await ownDevice();
const ledger = watch(device);
const backend = await openBackend({ device });
afterAll(() => {
  backend.destroy();
  device.destroy();
});
const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;

async function isUnharmed(on: Backend = backend): Promise<void> {
  const { loss } = await crossEntropy([[3, 1, -2]], [0], { backend: on });
  expect(await loss.item(), "the backend afterwards").toBeCloseTo(0.132845, 5);
  loss.destroy();
}

describe("bad input never reaches the GPU", () => {
  afterEach(() => isUnharmed());

  const beforehand = badInputs.filter(({ title }) => !title.startsWith("plan.run"));
  test.each(beforehand)("$title", async ({ act, code, says }) => {
    await isUnharmed();
    const { createBuffer } = ledger.calls;
    const error = await new Promise((resolve) => resolve(act(backend))).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(LossError);
    expect((error as LossError).message).toMatch(says);
    expect((error as LossError).code).toBe(code);
    expect(ledger.calls.createBuffer, "buffers made").toBe(createBuffer);
  });

  const planned = badInputs.filter(({ title }) => title.startsWith("plan.run"));
  test.each(planned)("$title", async ({ act, code, says }) => {
    const error = await new Promise((resolve) => resolve(act(backend))).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(LossError);
    expect((error as LossError).message).toMatch(says);
    expect((error as LossError).code).toBe(code);
    expect(backend.memory().live).toBe(0);
  });
});

/** A buffer of that many bytes on a device. */
const bufferOf = (bytes: number, usage = STORAGE | COPY_SRC | COPY_DST, on = device): GPUBuffer =>
  on.createBuffer({ size: bytes, usage });
const labels = Int32Array.of(0, 1);
const rows = tensor(Float32Array.of(3, 1, -2, 0, 4, 1), [2, 3]);

/** The error of a call or of the first read of its loss, whichever it is. */
async function errorOf(...args: unknown[]): Promise<unknown> {
  const call = crossEntropy as unknown as (...all: unknown[]) => ReturnType<typeof crossEntropy>;
  try {
    const result = await call(...args);
    const numbers = await result.loss.read();
    result.destroy();
    return numbers;
  } catch (error) {
    return error;
  }
}

describe("what only the GPU can see", () => {
  afterEach(() => isUnharmed());

  test.each([
    ["i32", Int32Array.of(1, 3)],
    ["i32", Int32Array.of(-1, 2)],
    ["i32", Int32Array.of(-(2 ** 31), 2)],
    ["u32", Uint32Array.of(2 ** 32 - 1, 0)],
    ["u32", Uint32Array.of(2 ** 32 - 2, 0)],
    ["i64", BigInt64Array.of(2n ** 32n, 0n)],
    ["i64", BigInt64Array.of(0n, -1n)],
    ["i64", BigInt64Array.of(0n, 2n ** 63n - 1n)],
  ] as const)(
    "a label out of range in a buffer of %s is told at the first read: %o",
    async (dtype, wrong) => {
      const buffer = bufferOf(wrong.byteLength);
      device.queue.writeBuffer(buffer, 0, wrong);
      const targets = tensor(buffer, [2], { dtype });
      const result = await crossEntropy(rows, targets, { gradients: true, backend });
      for (const found of [result.loss, result.gradients.logits]) {
        await expect(found.read()).rejects.toMatchObject({
          code: "TARGET_OUT_OF_RANGE",
          message: expect.stringMatching(
            /1 of the 2 labels in crossEntropy: targets lie outside \[0, 3\) and are not ignoreIndex -100/,
          ),
        });
      }
      expect(await result.stats.read()).toMatchObject({ outOfRange: 1, count: 1 });
      result.destroy();
      buffer.destroy();
    },
  );

  test("labels in range in a buffer are no error, ignored ones neither", async () => {
    const buffer = bufferOf(8);
    device.queue.writeBuffer(buffer, 0, Int32Array.of(-100, 2));
    const targets = tensor(buffer, [2], { dtype: "i32" });
    const result = await crossEntropy(rows, targets, { backend });
    expect(await result.loss.item()).toBeCloseTo(3.065846, 4);
    expect(await result.stats.read()).toMatchObject({ outOfRange: 0, count: 1 });
    result.destroy();
    buffer.destroy();
  });
});

describe("buffers that WebGPU would refuse", () => {
  afterEach(async () => {
    await isUnharmed();
    expect(backend.memory().live).toBe(0);
  });

  test("logits without usage STORAGE", async () => {
    const buffer = bufferOf(24, COPY_DST | COPY_SRC);
    expect(await errorOf(tensor(buffer, [2, 3]), labels, { backend })).toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringMatching(/crossEntropy: logits: its GPUBuffer.*STORAGE/),
    });
  });

  test("reading a tensor whose buffer has no usage COPY_SRC", async () => {
    const buffer = bufferOf(24, STORAGE);
    await expect(tensor(buffer, [2, 3], { backend }).read()).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringMatching(/COPY_SRC/),
    });
  });

  test("reading a buffer for which no backend was named", async () => {
    await expect(tensor(bufferOf(24), [2, 3]).read()).rejects.toMatchObject({
      code: "UNSUPPORTED",
    });
  });

  test("logits of another device", async () => {
    const other = await ownDevice();
    const foreign = tensor(bufferOf(24, STORAGE, other), [2, 3]);
    expect(await errorOf(foreign, labels, { backend })).toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringMatching(/crossEntropy: WebGPU refused.*device/is),
    });
    other.destroy();
  });

  test("a tensor that another backend holds", async () => {
    const other = await openBackend({ kind: "webgpu" });
    const result = await crossEntropy(rows, labels, {
      reduction: "none",
      gradients: true,
      backend: other,
    });
    const error = await errorOf(result.gradients.logits, labels, { backend });
    expect(error).toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringMatching(/crossEntropy: logits .*another backend/),
    });
    await isUnharmed(other);
    other.destroy();
  });

  test("logits that were destroyed", async () => {
    const buffer = bufferOf(24);
    buffer.destroy();
    expect(await errorOf(tensor(buffer, [2, 3]), labels, { backend })).toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringMatching(/crossEntropy: .*destroyed/),
    });
  });

  test("logits that were destroyed after calls that read them: then the read tells", async () => {
    const buffer = bufferOf(24);
    const logits = tensor(buffer, [2, 3]);
    // Until every buffer of the pool was bound with them once.
    for (let again = 0; again < 16; again++) {
      const { loss, destroy } = await crossEntropy(logits, labels, { backend });
      expect(await loss.item()).toBeCloseTo(Math.log(3), 6);
      destroy();
    }
    buffer.destroy();
    const { loss, stats, destroy } = await crossEntropy(logits, labels, { backend });
    const refused = { code: "UNSUPPORTED", message: expect.stringMatching(/refused.*destroyed/) };
    await expect(loss.item()).rejects.toMatchObject(refused);
    await expect(stats.read()).rejects.toMatchObject(refused);
    destroy();
  });

  test("logits in the buffer over which the gradient is written, beside the labels", async () => {
    const buffer = bufferOf(512);
    const shared = tensor({ buffer, offset: 256 }, [2], { dtype: "i32" });
    const gradients = { logits: "inPlace" };
    const error = await errorOf(tensor(buffer, [2, 3]), shared, { gradients, backend });
    // Their ranges are apart, but WebGPU knows buffers only: an answer, or an error that says so.
    if (error instanceof Error) expect(error).toMatchObject({ code: "UNSUPPORTED" });
  });

  test.each([
    ["no shape", "SHAPE_MISMATCH", /needs its shape/, (buffer: GPUBuffer) => [buffer]],
    [
      "a shape beyond its end",
      "SHAPE_MISMATCH",
      /takes 28 bytes from 0, the buffer has 24/,
      (buffer: GPUBuffer) => [buffer, [7]],
    ],
    [
      "a shape beyond its end behind the offset",
      "SHAPE_MISMATCH",
      /takes 24 bytes from 4/,
      (buffer: GPUBuffer) => [{ buffer, offset: 4 }, [6]],
    ],
    [
      "a size that is too small",
      "SHAPE_MISMATCH",
      /the buffer has 8/,
      (buffer: GPUBuffer) => [{ buffer, size: 8 }, [6]],
    ],
    [
      "half an element of offset",
      "OPTION",
      /offset must be a multiple of 4 bytes, got 2/,
      (buffer: GPUBuffer) => [{ buffer, offset: 2 }, [2]],
    ],
    [
      "a negative offset",
      "OPTION",
      /offset must be .* got -4/,
      (buffer: GPUBuffer) => [{ buffer, offset: -4 }, [2]],
    ],
    [
      "an offset that is NaN",
      "OPTION",
      /offset must be .* got NaN/,
      (buffer: GPUBuffer) => [{ buffer, offset: Number.NaN }, [2]],
    ],
    [
      "bytes, which kernels do not read",
      "DTYPE",
      /u8 cannot lie on the GPU: use u32/,
      (buffer: GPUBuffer) => [buffer, [2], { dtype: "u8" }],
    ],
    [
      "doubles",
      "DTYPE",
      /f64 cannot lie on the GPU: use f32/,
      (buffer: GPUBuffer) => [buffer, [2], { dtype: "f64" }],
    ],
  ] as const)("a tensor with %s", (_, code, says, args) => {
    const make = tensor as unknown as (...all: unknown[]) => unknown;
    const buffer = bufferOf(24);
    expect(() => make(...args(buffer))).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(says) }),
    );
    buffer.destroy();
  });

  test("what is no command encoder", async () => {
    const plan = await crossEntropy.plan({ logits: [2, 3], targets: [2] }, { backend });
    const inputs = { logits: rows, targets: labels };
    const record = (encoder: unknown) => () => plan.encode(encoder as GPUCommandEncoder, inputs);
    expect(record(null)).toThrow(/crossEntropy: expected a GPUCommandEncoder, got null/);
    expect(record({})).toThrow(LossError);
    plan.destroy();
  });

  test("a bare buffer whose shape nobody tells", async () => {
    expect(await errorOf(bufferOf(24), labels, { backend })).toMatchObject({
      code: "SHAPE_MISMATCH",
      message: expect.stringMatching(/crossEntropy: logits is a GPUBuffer: give its shape/),
    });
  });
});

describe("tensors too large for the device", () => {
  afterEach(() => isUnharmed());

  test("labels of more bytes than a buffer can have", async () => {
    // The planner computes with shapes alone: nothing of this size is ever made.
    const shapes = { logits: [200_000_000, 2], targets: [200_000_000] };
    await expect(crossEntropy.plan(shapes, { backend })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      message: expect.stringMatching(/crossEntropy: .*bytes/),
    });
    expect(backend.memory().live).toBe(0);
  });

  test("an image that no binding holds, because its classes lie apart", async () => {
    const side = 1300;
    const buffer = bufferOf(21 * side * side * 4, STORAGE);
    const image = tensor(buffer, [1, 21, side, side]);
    const targets = tensor(bufferOf(side * side * 4), [1, side, side], { dtype: "i32" });
    expect(await errorOf(image, targets, { classAxis: 1, backend })).toMatchObject({
      code: "LIMIT_EXCEEDED",
      message: expect.stringMatching(
        /crossEntropy: logits takes 141\d+ bytes at once, this device binds 134217728/,
      ),
    });
    buffer.destroy();
  });
});

describe("host data that change after the call", () => {
  test("memory that is transferred away is an error, not a wrong number", async () => {
    const logits = Float32Array.of(3, 1, -2);
    const call = errorOf(tensor(logits, [1, 3]), [0], { backend });
    structuredClone(null, { transfer: [logits.buffer] });
    const found = await call;
    if (found instanceof Float32Array) expect(found[0]).toBeCloseTo(0.132845, 5);
    else expect(found).toMatchObject({ code: "DTYPE" });
    await isUnharmed();
  });
});
