import { describe, expect, test, vi } from "vitest";
import { defineLoss } from "../../src/define.js";
import { type Backend, crossEntropy, LossError, openBackend, tensor } from "../../src/index.js";
import { rowsOfAll } from "../distributions.js";
import { ownDevice } from "../ledger.js";

const { logits, labels, rows } = rowsOfAll(4, 1000, 1);
const input = tensor(logits, [rows, 1000]);
const shapes = { logits: [rows, 1000], targets: [rows] };

/** The error of some work, which must come within five seconds. */
async function errorOf(work: () => unknown): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve("nothing within five seconds"), 5000);
  });
  const found = await Promise.race([
    new Promise((resolve) => resolve(work())).catch((thrown) => thrown),
    late,
  ]);
  clearTimeout(timer);
  return found;
}
const lost = {
  code: "DEVICE_LOST",
  message: expect.stringMatching(/GPU device was lost|reading back/),
};

async function opened(): Promise<{ device: GPUDevice; backend: Backend }> {
  const device = await ownDevice();
  return { device, backend: await openBackend({ device }) };
}

describe("a device that is lost is told as DEVICE_LOST, and nothing hangs", () => {
  test("lost before: calls, plans and reads", async () => {
    const { device, backend } = await opened();
    const options = { gradients: true, backend } as const;
    const early = await crossEntropy(input, labels, options);
    const plan = await crossEntropy.plan(shapes, options);
    device.destroy();
    await backend.lost;
    expect(await errorOf(() => crossEntropy(input, labels, options))).toMatchObject(lost);
    expect(await errorOf(() => crossEntropy.plan(shapes, options))).toMatchObject(lost);
    expect(await errorOf(() => backend.prepare(crossEntropy, shapes))).toMatchObject(lost);
    expect(await errorOf(() => plan.run({ logits, targets: labels }))).toMatchObject(lost);
    expect(await errorOf(() => early.loss.item())).toMatchObject(lost);
    expect(await errorOf(() => early.stats.read())).toMatchObject(lost);
    // Giving back must always work.
    early.destroy();
    plan.destroy();
    backend.destroy();
    expect(backend.memory().live).toBe(0);
  });

  test("lost in the same turn in which a call is made", async () => {
    const { device, backend } = await opened();
    const call = errorOf(async () => (await crossEntropy(input, labels, { backend })).loss.item());
    device.destroy();
    expect(await call).toMatchObject(lost);
    backend.destroy();
  });

  test("lost at every moment of a call and its read", async () => {
    const kinds = new Set<string>();
    for (let delay = 0; delay < 8; delay++) {
      const { device, backend } = await opened();
      // Compiled beforehand in every second turn, so that other steps are met.
      if (delay % 2) await crossEntropy(input, labels, { gradients: true, backend });
      const call = errorOf(async () => {
        const result = await crossEntropy(input, labels, { gradients: true, backend });
        await result.gradients.logits.read();
        return result.loss.item();
      });
      for (let turn = 0; turn < 3 * delay; turn++) await Promise.resolve();
      if (delay > 4) await new Promise((resolve) => setTimeout(resolve, 6 * (delay - 4)));
      device.destroy();
      const found = await call;
      if (typeof found === "number") expect(found).toBeGreaterThan(0);
      else expect(found).toMatchObject(lost);
      kinds.add(found instanceof LossError ? found.code : typeof found);
      backend.destroy();
    }
    expect(kinds).toContain("DEVICE_LOST");
  });

  test("lost while a read waits", async () => {
    const { device, backend } = await opened();
    const { loss } = await crossEntropy(input, labels, { backend });
    const read = errorOf(() => loss.item());
    device.destroy();
    const found = await read;
    if (typeof found !== "number") expect(found).toMatchObject(lost);
    expect(await errorOf(() => loss.item())).toMatchObject(lost);
    backend.destroy();
  });

  test("lost between two slices of long work", async () => {
    const device = await ownDevice();
    const backend = await openBackend({ device });
    const classes = 50_257;
    const buffer = device.createBuffer({ size: 128 * classes * 4, usage: GPUBufferUsage.STORAGE });
    const long = tensor(buffer, [128, classes]);
    const onProgress = (): void => device.destroy();
    const call = errorOf(async () => {
      const { loss } = await crossEntropy(long, new Int32Array(128), { onProgress, backend });
      return loss.item();
    });
    expect(await call).toMatchObject(lost);
    backend.destroy();
  });
});

describe("a backend", () => {
  test("that was destroyed says DISPOSED, also to what it made", async () => {
    const backend = await openBackend({ kind: "webgpu" });
    const result = await crossEntropy(input, labels, { backend });
    const plan = await crossEntropy.plan(shapes, { backend });
    backend.destroy();
    const disposed = { code: "DISPOSED" };
    expect(await errorOf(() => crossEntropy(input, labels, { backend }))).toMatchObject(disposed);
    expect(await errorOf(() => result.loss.item())).toMatchObject(disposed);
    expect(await errorOf(() => plan.run({ logits, targets: labels }))).toMatchObject(disposed);
    expect(await errorOf(() => backend.prepare(crossEntropy, shapes))).toMatchObject(disposed);
    backend.destroy();
  });

  test("resolves `lost` with the reason", async () => {
    const { device, backend } = await opened();
    device.destroy();
    expect(await backend.lost).toMatchObject({ reason: "destroyed" });
  });

  test("that nobody named is opened anew once its device is lost", async () => {
    const first = await crossEntropy([[3, 1, -2]], [0]);
    const owner = (first.loss.storage as unknown as { owner: Backend }).owner;
    expect(owner.kind).toBe("webgpu");
    owner.device?.destroy();
    await owner.lost;
    await Promise.resolve();
    const second = await crossEntropy([[3, 1, -2]], [0]);
    expect(await second.loss.item()).toBeCloseTo(0.132845, 5);
    const next = (second.loss.storage as unknown as { owner: Backend }).owner;
    expect(next).not.toBe(owner);
    next.destroy();
  });

  test("asks for an adapter before its own code is here", async () => {
    const { gpu } = navigator;
    const asked = vi.spyOn(gpu, "requestAdapter");
    const opening = openBackend({ kind: "webgpu", powerPreference: "low-power" });
    expect(asked.mock.calls).toEqual([[{ powerPreference: "low-power" }]]);
    asked.mockRestore();
    (await opening).destroy();
  });

  test("that nobody named loads a loss's planner while it opens", async () => {
    const first = await crossEntropy([[3, 1, -2]], [0]);
    const { owner } = first.loss.storage as unknown as { owner: Backend };
    owner.destroy();
    await owner.lost;
    await Promise.resolve();
    const order: string[] = [];
    const gpu: NonNullable<typeof crossEntropy.spec.gpu> = async () => {
      order.push("planner");
      return (await crossEntropy.spec.gpu?.()) as Awaited<ReturnType<typeof gpu>>;
    };
    const requestDevice = vi.spyOn(GPUAdapter.prototype, "requestDevice");
    requestDevice.mockImplementationOnce(function (this: GPUAdapter, ...wanted) {
      order.push("device");
      return this.requestDevice(...wanted);
    });
    const watched = defineLoss({ ...crossEntropy.spec, gpu }) as unknown as typeof crossEntropy;
    const { loss } = await watched([[3, 1, -2]], [0]);
    expect(order.slice(0, 2)).toEqual(["planner", "device"]);
    requestDevice.mockRestore();
    (loss.storage as unknown as { owner: Backend }).owner.destroy();
  });
});
