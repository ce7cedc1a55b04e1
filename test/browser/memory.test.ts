import { describe, expect, test } from "vitest";
import { defineLoss } from "../../src/define.js";
import { crossEntropy, openBackend, tensor } from "../../src/index.js";
import { read } from "../against.js";
import { rowsOfAll } from "../distributions.js";
import { ownDevice, watch } from "../ledger.js";

const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
const { logits, labels, rows } = rowsOfAll(1, 13, 1);
const shapes = { logits: [rows, 13], targets: [rows] };
const input = tensor(logits, [rows, 13]);

describe("memory comes back", () => {
  test("after 1000 calls whose results were destroyed, nothing is in use", async () => {
    const device = await ownDevice();
    const ledger = watch(device);
    const backend = await openBackend({ device });
    const options = { gradients: true, outputs: ["entropy"], backend } as const;
    let expected: number | undefined;
    for (let batch = 0; batch < 20; batch++) {
      // Fifty at a time, so that calls overlap as they do in an application.
      const results = await Promise.all(
        Array.from({ length: 50 }, () => crossEntropy(input, labels, options)),
      );
      const loss = await results[batch]?.loss.item();
      expected ??= loss;
      expect(loss).toBe(expected);
      for (const result of results) result.destroy();
    }
    expect(backend.memory()).toMatchObject({ live: 0, buffers: 0 });
    backend.destroy();
    expect(backend.memory()).toMatchObject({ live: 0, pooled: 0, buffers: 0 });
    expect([...ledger.live.values()]).toEqual([]);
    device.destroy();
  });

  test("a backend loads the planner of a loss once", async () => {
    const backend = await openBackend({ kind: "webgpu" });
    let loaded = 0;
    const gpu: NonNullable<typeof crossEntropy.spec.gpu> = async () => {
      loaded += 1;
      return (await crossEntropy.spec.gpu?.()) as Awaited<ReturnType<typeof gpu>>;
    };
    const counted = defineLoss({ ...crossEntropy.spec, gpu }) as unknown as typeof crossEntropy;
    for (const options of [{}, { gradients: true }, { labelSmoothing: 0.1 }]) {
      (await counted(input, labels, { ...options, backend })).destroy();
    }
    (await counted.plan(shapes, { backend })).destroy();
    expect(loaded).toBe(1);
    backend.destroy();
  });

  test("after the backend's destroy(), of results that nobody destroyed", async () => {
    const device = await ownDevice();
    const ledger = watch(device);
    const backend = await openBackend({ device });
    for (let call = 0; call < 20; call++)
      await crossEntropy(input, labels, { gradients: true, backend });
    const plan = await crossEntropy.plan(shapes, { gradients: true, backend });
    plan.run({ logits, targets: labels });
    expect(backend.memory().live).toBeGreaterThan(0);
    backend.destroy();
    expect(backend.memory()).toMatchObject({ live: 0, pooled: 0 });
    expect(ledger.live.size).toBe(0);
    device.destroy();
  });

  test("of a result that is destroyed tensor by tensor, and twice", async () => {
    const backend = await openBackend({ kind: "webgpu" });
    const result = await crossEntropy(input, labels, { gradients: true, backend });
    result.gradients.logits.destroy();
    result.gradients.logits.destroy();
    expect(backend.memory().live).toBeGreaterThan(0);
    expect(await result.loss.item()).toBeGreaterThan(0);
    result.loss.destroy();
    result.destroy();
    expect(backend.memory()).toMatchObject({ live: 0, buffers: 0 });
    await expect(result.loss.read()).rejects.toMatchObject({ code: "DISPOSED" });
    backend.destroy();
  });

  test("of calls that fail: past the budget, refused by the device, aborted", async () => {
    const backend = await openBackend({ kind: "webgpu", memoryBudget: 200_000 });
    const device = backend.device as GPUDevice;
    const large = tensor(new Float32Array(60_000), [600, 100]);
    const targets = new Int32Array(600);
    const options = { gradients: true, backend } as const;
    const outOfMemory = {
      code: "OUT_OF_MEMORY",
      message: expect.stringMatching(/budget of 200000/),
    };
    await expect(crossEntropy(large, targets, options)).rejects.toMatchObject(outOfMemory);
    const largeShapes = { logits: [600, 100], targets: [600] };
    await expect(crossEntropy.plan(largeShapes, options)).rejects.toMatchObject(outOfMemory);
    const buffer = device.createBuffer({ size: logits.byteLength, usage: COPY_DST });
    const unbound = tensor(buffer, [rows, 13]);
    await expect(crossEntropy(unbound, labels, options)).rejects.toMatchObject({
      code: "UNSUPPORTED",
    });
    const signal = AbortSignal.abort();
    await expect(crossEntropy(input, labels, { ...options, signal })).rejects.toThrow(/abort/i);
    expect(backend.memory()).toMatchObject({ live: 0, buffers: 0 });
    const { loss } = await crossEntropy(input, labels, options);
    expect(await loss.item()).toBeGreaterThan(0);
    backend.destroy();
  });

  test("an allocation that the GPU itself refuses is OUT_OF_MEMORY, and the backend goes on", async () => {
    const device = await ownDevice({ requiredLimits: { maxBufferSize: 2 ** 30 } });
    const backend = await openBackend({ device });
    const createBuffer = device.createBuffer.bind(device);
    // SwiftShader has a real out-of-memory error at exactly its advertised limit.
    device.createBuffer = (descriptor) =>
      createBuffer(descriptor.size > 500 ? { ...descriptor, size: 2 ** 30 } : descriptor);
    const call = crossEntropy(input, labels, { gradients: true, backend });
    await expect(call).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
    device.createBuffer = createBuffer;
    expect(backend.memory()).toMatchObject({ buffers: 0 });
    const { loss } = await crossEntropy(input, labels, { gradients: true, backend });
    expect(await loss.item()).toBeGreaterThan(0);
    backend.destroy();
    device.destroy();
  });
});

describe("a plan", () => {
  test("runs 1000 times without a new buffer, bind group or pipeline", async () => {
    const device = await ownDevice();
    const ledger = watch(device);
    const backend = await openBackend({ device });
    const plan = await crossEntropy.plan(shapes, { temperature: 2, gradients: true, backend });
    plan.run({ logits, targets: labels });
    const before = { ...ledger.calls };
    for (let run = 0; run < 1000; run++) plan.run({ logits, targets: labels });
    expect(ledger.calls).toEqual(before);
    // An annealed temperature changes the uniforms at every step.
    let last = Number.NaN;
    for (let run = 0; run < 200; run++) {
      const { loss } = plan.run({ logits, targets: labels }, { temperature: 1 + run });
      if (run % 50 === 0) {
        const now = await loss.item();
        expect(now).not.toBe(last);
        last = now;
      }
    }
    // One buffer for the uniforms that change, and one to read the loss back through.
    expect(ledger.calls.createBuffer - before.createBuffer).toBeLessThanOrEqual(2);
    expect(ledger.calls.createComputePipelineAsync).toBe(before.createComputePipelineAsync);
    plan.destroy();
    expect(backend.memory()).toMatchObject({ live: 0, buffers: 0 });
    backend.destroy();
    device.destroy();
  });

  test("writes nothing and looks at nothing again while its inputs stay where they are", async () => {
    const device = await ownDevice();
    const backend = await openBackend({ device });
    const plan = await crossEntropy.plan(shapes, { gradients: true, backend });
    const make = (data: Float32Array | Int32Array): GPUBuffer => {
      const buffer = device.createBuffer({ size: data.byteLength, usage: STORAGE | COPY_DST });
      device.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
      return buffer;
    };
    const other = make(logits.map((z) => (Number.isFinite(z) ? -z : z)));
    const inputs = { logits: make(logits), targets: make(labels) };
    let writes = 0;
    const write = device.queue.writeBuffer.bind(device.queue) as (...args: unknown[]) => undefined;
    device.queue.writeBuffer = (...args: unknown[]) => {
      writes += 1;
      return write(...args);
    };
    const first = await plan.run(inputs).loss.item();
    const before = writes;
    for (let turn = 0; turn < 3; turn++) plan.run(inputs);
    expect(writes).toBe(before);
    // Whatever changes is noticed: the object's content, a number, and that it is no longer changed.
    inputs.logits = other;
    const second = await plan.run(inputs).loss.item();
    expect(second).not.toBe(first);
    const cool = await plan.run(inputs, { temperature: 0.5 }).loss.item();
    expect(cool).not.toBe(second);
    expect(await plan.run(inputs).loss.item()).toBe(second);
    const held = tensor(other, [rows, 13], { backend });
    const fromTensor = { logits: held, targets: inputs.targets };
    expect(await plan.run(fromTensor).loss.item()).toBe(second);
    held.destroy();
    expect(() => plan.run(fromTensor)).toThrow(/destroyed/);
    expect(await plan.run({ ...inputs, logits }).loss.item()).toBe(first);
    // A buffer that is gone is refused by WebGPU alone: the next read says so.
    plan.run(inputs);
    other.destroy();
    await expect(plan.run(inputs).loss.item()).rejects.toMatchObject({ code: "UNSUPPORTED" });
    backend.destroy();
    device.destroy();
  });

  test("agrees with a call, also when its inputs come from the host, from buffers, and in turn", async () => {
    const backend = await openBackend({ kind: "webgpu" });
    const device = backend.device as GPUDevice;
    const plan = await crossEntropy.plan(shapes, { gradients: true, backend });
    const other = logits.map((z) => (Number.isFinite(z) ? -z : z));
    const buffer = device.createBuffer({
      size: logits.byteLength + 256,
      usage: STORAGE | COPY_DST,
    });
    device.queue.writeBuffer(buffer, 256, other);
    const call = async (data: Float32Array): Promise<number> => {
      const options = { gradients: true, backend } as const;
      return (await crossEntropy(tensor(data, [rows, 13]), labels, options)).loss.item();
    };
    const [first, second] = [await call(logits), await call(other)];
    for (let turn = 0; turn < 3; turn++) {
      expect(await plan.run({ logits, targets: labels }).loss.item()).toBe(first);
      const fromBuffer = plan.run({ logits: { buffer, offset: 256 }, targets: labels });
      expect(await fromBuffer.loss.item()).toBe(second);
    }
    buffer.destroy();
    backend.destroy();
  });

  test("keeps a tensor option that it was made with, whatever a run replaced it by", async () => {
    const backend = await openBackend({ kind: "webgpu" });
    const weight = Float32Array.from({ length: 13 }, (_, c) => 1 + c);
    const plan = await crossEntropy.plan(shapes, { weight, reduction: "sum", backend });
    const plain = await plan.run({ logits, targets: labels }).loss.item();
    const doubled = weight.map((w) => 2 * w);
    const replaced = plan.run({ logits, targets: labels, weight: doubled });
    expect(await replaced.loss.item()).toBeCloseTo(2 * plain, 1);
    expect(await plan.run({ logits, targets: labels }).loss.item()).toBe(plain);
    backend.destroy();
  });

  test("records into the caller's encoder, several times with different numbers and buffers", async () => {
    const device = await ownDevice();
    const backend = await openBackend({ device });
    const plan = await crossEntropy.plan(shapes, { gradients: true, backend });
    const make = (data: Float32Array | Int32Array): GPUBuffer => {
      const buffer = device.createBuffer({ size: data.byteLength, usage: STORAGE | COPY_DST });
      device.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
      return buffer;
    };
    const inputs = { logits: { buffer: make(logits) }, targets: { buffer: make(labels) } };
    const encoder = device.createCommandEncoder();
    const result = plan.encode(encoder, inputs);
    const copy = device.createBuffer({ size: 4, usage: COPY_DST | COPY_SRC | STORAGE });
    // The caller's own commands behind it see the result.
    const { buffer, offset } = result.loss;
    encoder.copyBufferToBuffer(buffer as GPUBuffer, offset, copy, 0, 4);
    device.queue.submit([encoder.finish()]);
    const want = await crossEntropy(input, labels, { gradients: true, backend });
    const copied = await tensor(copy, [1], { backend }).read();
    expect(copied[0]).toBe(await want.loss.item());
    expect(await read(result.gradients["logits"])).toEqual(await read(want.gradients.logits));
    backend.destroy();
    device.destroy();
  });
});

describe("the caller's own", () => {
  test("device is never destroyed, and neither are its buffers and handlers", async () => {
    const device = await ownDevice();
    const handler = (): void => {};
    device.onuncapturederror = handler;
    const backend = await openBackend({ device });
    const buffer = device.createBuffer({
      size: logits.byteLength,
      usage: STORAGE | COPY_DST | COPY_SRC,
    });
    device.queue.writeBuffer(buffer, 0, logits);
    const mine = tensor(buffer, [rows, 13], { backend });
    const result = await crossEntropy(mine, labels, { gradients: true, backend });
    mine.destroy();
    result.destroy();
    backend.destroy();
    let isLost = false;
    device.lost.then(() => {
      isLost = true;
    });
    device.queue.writeBuffer(buffer, 0, logits);
    await device.queue.onSubmittedWorkDone();
    expect(isLost).toBe(false);
    expect(device.onuncapturederror).toBe(handler);
    const again = await openBackend({ device });
    const numbers = await tensor(buffer, [rows, 13], { backend: again }).read();
    expect(numbers).toEqual(logits);
    device.destroy();
  });
});

describe("a gradient in place", () => {
  test.each([
    ["few long rows", 64, 20_000],
    ["many short rows", 150_000, 4],
  ])("needs no second matrix: %s", async (_, count, classes) => {
    const backend = await openBackend({ kind: "webgpu" });
    const device = backend.device as GPUDevice;
    const usage = STORAGE | COPY_DST | COPY_SRC;
    const matrix = device.createBuffer({ size: count * classes * 4, usage });
    const targets = device.createBuffer({ size: count * 4, usage });
    const options = { gradients: { logits: "inPlace" }, backend } as const;
    const result = await crossEntropy(
      tensor(matrix, [count, classes]),
      tensor(targets, [count], { dtype: "i32" }),
      options,
    );
    expect(await result.loss.item()).toBeCloseTo(Math.log(classes), 4);
    expect(backend.memory().peak).toBeLessThan(2 ** 20 + 16 * count);
    backend.destroy();
  });
});
