import { afterAll, describe, expect, test } from "vitest";
import { crossEntropy, openBackend, tensor } from "../../src/index.js";
import { limits, read, worst } from "../against.js";
import { rowsOfAll } from "../distributions.js";

const backend = await openBackend({ kind: "webgpu" });
const device = backend.device as GPUDevice;
afterAll(() => backend.destroy());

// 44 MB of logits: several slices at any speed that a software adapter may turn out to have.
const classes = 50_257;
const eleven = rowsOfAll(1, classes, 2);
const rows = 220;
const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
const buffer = device.createBuffer({ size: rows * classes * 4, usage });
for (let row = 0; row < rows; row += 11) {
  device.queue.writeBuffer(buffer, row * classes * 4, eleven.logits as Float32Array<ArrayBuffer>);
}
const logits = tensor(buffer, [rows, classes]);
const labels = Int32Array.from({ length: rows }, (_, row) => eleven.labels[row % 11] as number);
const options = { reduction: "none", backend } as const;

describe("work that takes longer than a page should wait", () => {
  test("is submitted in slices, each of which is reported", async () => {
    const seen: { done: number; total: number; elapsedMs: number }[] = [];
    const onProgress = (progress: (typeof seen)[number]): void => {
      seen.push({ ...progress });
    };
    const { loss } = await crossEntropy(logits, labels, { ...options, onProgress });
    expect(seen.length).toBeGreaterThan(2);
    for (const [at, { done, total, elapsedMs }] of seen.entries()) {
      expect(total).toBe(seen[0]?.total);
      expect(done).toBeGreaterThan(seen[at - 1]?.done ?? 0);
      expect(elapsedMs).toBeGreaterThanOrEqual(seen[at - 1]?.elapsedMs ?? 0);
    }
    expect(seen.at(-1)?.done).toBe(seen[0]?.total);

    // A plan submits once: the same call has the same bits.
    const shapes = { logits: [rows, classes], targets: [rows] };
    const plan = await crossEntropy.plan(shapes, options);
    const whole = await read(plan.run({ logits: buffer, targets: labels }).loss);
    expect(await read(loss)).toEqual(whole);
    // Equal rows have equal losses, and the same bits where they begin alike in lines of 64 bytes.
    const again = Array.from(whole, (_, row) => whole[row % 11] as number);
    const { share, at } = worst(whole, again, limits.loss);
    expect(share, at).toBeLessThanOrEqual(1);
    expect(whole.slice(176)).toEqual(whole.slice(0, rows - 176));
    plan.destroy();
    loss.destroy();
  });

  test("stops at the next slice when its signal is aborted, and gives its memory back", async () => {
    const before = backend.memory().live;
    const controller = new AbortController();
    const reason = new Error("the user left");
    let slices = 0;
    const onProgress = (): void => {
      slices += 1;
      controller.abort(reason);
    };
    const { signal } = controller;
    const call = crossEntropy(logits, labels, { ...options, signal, onProgress });
    await expect(call).rejects.toBe(reason);
    expect(slices).toBe(1);
    expect(backend.memory().live).toBe(before);
    const { loss } = await crossEntropy([[3, 1, -2]], [0], { backend });
    expect(await loss.item()).toBeCloseTo(0.132845, 6);
  });

  test("stops where the caller's own onProgress throws", async () => {
    const before = backend.memory().live;
    const mistake = new TypeError("a mistake of the caller's");
    const onProgress = (): void => {
      throw mistake;
    };
    await expect(crossEntropy(logits, labels, { ...options, onProgress })).rejects.toBe(mistake);
    expect(backend.memory().live).toBe(before);
  });

  test("lets a small call through between its slices", async () => {
    await crossEntropy([[1, 2]], [0], { backend });
    const order: string[] = [];
    const long = crossEntropy(logits, labels, options).then(() => order.push("long"));
    const small = crossEntropy([[1, 2]], [0], { backend }).then(async ({ loss }) => {
      await loss.item();
      order.push("small");
    });
    await Promise.all([long, small]);
    expect(order).toEqual(["small", "long"]);
  });
});

test("a call that fits in one slice reports its end, and a later abort does nothing to it", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  let reports = 0;
  const onProgress = ({ done, total }: { done: number; total: number }): void => {
    reports += 1;
    expect(done).toBe(total);
  };
  const { loss } = await crossEntropy([[3, 1, -2]], [0], { signal, onProgress, backend });
  controller.abort();
  expect(reports).toBe(1);
  expect(await loss.item()).toBeCloseTo(0.132845, 6);
});

test.each([
  ["short work asks the device after it, once", 8, 1],
  ["long work leaves the device to it", 4096, 0],
])("reading %s", async (_, count, expected) => {
  const { loss } = await crossEntropy(new Float32Array(count * 16), new Int32Array(count), {
    backend,
  });
  await device.queue.onSubmittedWorkDone();
  const { popErrorScope } = device;
  const { mapAsync } = GPUBuffer.prototype;
  let asked = 0;
  device.popErrorScope = () => {
    asked += 1;
    return popErrorScope.call(device);
  };
  GPUBuffer.prototype.mapAsync = async function (...range) {
    await mapAsync.apply(this, range);
    await new Promise((resume) => setTimeout(resume, 30));
    return undefined;
  };
  try {
    expect(await loss.item()).toBeCloseTo(Math.log(16), 5);
    expect(asked).toBe(expected);
  } finally {
    device.popErrorScope = popErrorScope;
    GPUBuffer.prototype.mapAsync = mapAsync;
  }
});
