import { expect, test } from "vitest";
import { crossEntropy, LossError, openBackend, type Tensor, tensor } from "../../src/index.js";
import { fill, labelsFrom, normalFrom } from "../random.js";

const ROWS = 5;
const CLASSES = 33;
const normal = normalFrom(4);
const logits = tensor(Float32Array.from(fill(ROWS * CLASSES, normal)), [ROWS, CLASSES]);
const labels = labelsFrom(6, ROWS, CLASSES);
const numbers = async (given: Tensor): Promise<number[]> => Array.from(await given.read(), Number);

test("float32 rounds the gradient of float64 and changes nothing else", async () => {
  const call = async (precision: "float64" | "float32") => {
    const backend = await openBackend({ kind: "cpu", precision });
    expect(backend.info.name).toContain(precision);
    return crossEntropy(logits, labels, { backend, gradients: true });
  };
  const [exact, rounded] = [await call("float64"), await call("float32")];
  expect([exact.gradients.logits.dtype, rounded.gradients.logits.dtype]).toEqual(["f64", "f32"]);
  expect(await rounded.loss.item()).toBe(await exact.loss.item());
  const wanted = (await numbers(exact.gradients.logits)).map(Math.fround);
  expect(await numbers(rounded.gradients.logits)).toEqual(wanted);
});

test("asked for, the CPU is float64; standing in for a GPU, float32", async () => {
  expect((await openBackend({ kind: "cpu" })).info.name).toContain("float64");
  expect(globalThis.navigator?.gpu).toBeUndefined();
  expect((await openBackend()).info.name).toContain("float32");
});

test("another precision is refused in a sentence", async () => {
  const opening = openBackend({ precision: "float16" as "float32" });
  await expect(opening).rejects.toThrow(LossError);
  await expect(opening).rejects.toThrow(
    'openBackend: precision must be float64 or float32, got "float16"',
  );
});
