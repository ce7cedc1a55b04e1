import { afterEach, describe, expect, test } from "vitest";
import { crossEntropy, LossError, openBackend, tensor } from "../../src/index.js";
import { badInputs } from "../bad/index.js";

const backend = await openBackend({ kind: "cpu" });

describe("bad input is refused with a typed error and a sentence", () => {
  afterEach(async () => {
    const { loss } = await crossEntropy([[3, 1, -2]], [0], { backend });
    expect(await loss.item(), "the backend afterwards").toBeCloseTo(0.132845, 6);
  });

  test.each(badInputs)("$title", async ({ act, code, says }) => {
    const error = await new Promise((resolve) => resolve(act(backend))).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(LossError);
    expect(`${(error as LossError).code}: ${(error as LossError).message}`).toMatch(says);
    expect((error as LossError).code).toBe(code);
  });
});

test("the list has more than a hundred entries, no two alike", () => {
  const titles = new Set(badInputs.map(({ title }) => title));
  expect(titles.size).toBe(badInputs.length);
  expect(titles.size).toBeGreaterThan(100);
});

describe("odd input that means one thing is taken", () => {
  const expected = 0.132845;
  const lossOf = async (logits: unknown, targets: unknown, options: object = {}) => {
    const call = crossEntropy as unknown as (...args: unknown[]) => ReturnType<typeof crossEntropy>;
    return (await call(logits, targets, { backend, ...options })).loss.item();
  };
  const row = [3, 1, -2];

  test("a label of -0 is class 0", async () => {
    expect(await lossOf([row], [-0])).toBeCloseTo(expected, 6);
    expect(await lossOf([row], [0], { ignoreIndex: -0 })).toBeNaN();
  });

  test("memory that is shared is copied before it is read", async () => {
    const shared = new Float32Array(new SharedArrayBuffer(12));
    shared.set(row);
    expect(await lossOf(shared, [0])).toBeCloseTo(expected, 6);
  });

  test("booleans and 64-bit numbers in lists are numbers", async () => {
    expect(await lossOf([[3n, true, -2]], [false])).toBeCloseTo(expected, 6);
  });

  test("options are read once: a getter cannot answer differently after the check", async () => {
    let asked = 0;
    const shifty = {
      get labelSmoothing() {
        asked += 1;
        return asked === 1 ? 0 : Number.NaN;
      },
    };
    const { loss } = await crossEntropy([row], [0], Object.assign(shifty, { backend }));
    expect(await loss.item()).toBeCloseTo(expected, 6);
    expect(asked).toBe(1);
  });

  test("half formats turn into numbers, not into their bits", async () => {
    const half = tensor(Uint16Array.of(0x4200, 0x3c00, 0xc000), [1, 3], { dtype: "f16" });
    expect(await lossOf(half, [0])).toBeCloseTo(expected, 6);
    expect([...(await tensor(row, [3], { dtype: "bf16" }).read())]).toEqual(row);
  });
});

test("an aborted signal stops the call with its own reason", async () => {
  const reason = new Error("changed my mind");
  const signal = AbortSignal.abort(reason);
  await expect(crossEntropy([[1, 2]], [0], { backend, signal })).rejects.toBe(reason);
});

test("a destroyed backend says so", async () => {
  const gone = await openBackend({ kind: "cpu" });
  gone.destroy();
  const disposed = { code: "DISPOSED" };
  const options = { backend: gone };
  await expect(crossEntropy([[1, 2]], [0], options)).rejects.toMatchObject(disposed);
  const shapes = { logits: [1, 2], targets: [1] };
  await expect(crossEntropy.plan(shapes, options)).rejects.toMatchObject(disposed);
  await expect(gone.prepare(crossEntropy, shapes)).rejects.toMatchObject(disposed);
});

test("a runtime without WebGPU falls back to the CPU only where that was asked for", async () => {
  const found = await openBackend({ kind: "auto" });
  expect(found.kind).toBe("cpu");
  expect(found.info.name).toMatch(/no WebGPU/);
  await expect(openBackend({ kind: "webgpu" })).rejects.toMatchObject({ code: "UNSUPPORTED" });
});

test("encoding into a command encoder needs WebGPU", async () => {
  const plan = await crossEntropy.plan({ logits: [1, 2], targets: [1] }, { backend });
  expect(() => plan.encode({} as GPUCommandEncoder, {})).toThrow(
    expect.objectContaining({ code: "UNSUPPORTED" }),
  );
});
