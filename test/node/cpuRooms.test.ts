import { afterEach, expect, test, vi } from "vitest";
import { crossEntropy, openBackend, type Tensor, tensor } from "../../src/index.js";
import { fill, labelsFrom, normalFrom } from "../random.js";

const normal = normalFrom(11);
const logitsOf = (rows: number, classes: number): Float32Array =>
  Float32Array.from(fill(rows * classes, normal));
const numbers = async (given: Tensor | undefined): Promise<number[]> =>
  Array.from(await (given as Tensor).read(), Number);
const cpu = await openBackend({ kind: "cpu", precision: "float32" });

// Plain rows and the general loop; short rows, long ones, and images.
const cases = [
  ["short rows", [6, 5], -1, {}],
  ["long rows", [6, 301], -1, {}],
  ["images", [2, 5, 3], 1, {}],
  ["short rows with smoothing", [6, 5], -1, { labelSmoothing: 0.1 }],
  ["long rows with smoothing", [6, 301], -1, { labelSmoothing: 0.1, temperature: 2 }],
  ["images with smoothing", [2, 5, 3], 1, { labelSmoothing: 0.1 }],
] as const;

test.each(cases)(
  "%s: in place, the caller's array is the gradient",
  async (_, shape, axis, options) => {
    const classes = shape[axis === 1 ? 1 : shape.length - 1] as number;
    const size = shape.reduce((product, n) => product * n, 1);
    const logits = logitsOf(size, 1);
    const labels = labelsFrom(3, 6, classes);
    labels[4] = -100;
    const labelsShape = axis === 1 ? [2, 3] : [6];
    // A factor of 0 asks nothing of its row; an ignored row has no factor.
    const sampleWeight = tensor(Float32Array.of(1, 0, 2, 1, 1, 0.5), labelsShape);
    const all = { backend: cpu, classAxis: axis, sampleWeight, ...options };
    const call = (given: Float32Array, place: true | "inPlace") =>
      crossEntropy(tensor(given, shape), tensor(labels, labelsShape), {
        ...all,
        gradients: { logits: place },
      });
    const apart = await call(logits, true);
    const wanted = await numbers(apart.gradients.logits);
    const overwritten = logits.slice();
    const inPlace = await call(overwritten, "inPlace");
    expect([...overwritten]).toEqual(wanted);
    expect(wanted.filter((value) => value === 0)).toHaveLength(2 * classes);
    expect(await inPlace.loss.item()).toBe(await apart.loss.item());
    expect(inPlace.gradients.logits?.storage).toMatchObject({ data: overwritten });
  },
);

test.each(cases)(
  "%s: runs of a plan share a gradient, and leave nothing of the last one",
  async (_, shape, axis, options) => {
    const classes = shape[axis === 1 ? 1 : shape.length - 1] as number;
    const size = shape.reduce((product, n) => product * n, 1);
    const labelsShape = axis === 1 ? [2, 3] : [6];
    const all = { backend: cpu, classAxis: axis, gradients: true, ...options };
    const shapes = { logits: shape, targets: { shape: labelsShape, dtype: "i32" } } as const;
    const plan = await crossEntropy.plan(shapes, all);
    const logits = logitsOf(size, 1);
    const first = plan.run({ logits, targets: labelsFrom(3, 6, classes) });
    const before = first.gradients.logits?.storage;
    const labels = labelsFrom(3, 6, classes).fill(-100, 2);
    const again = plan.run({ logits, targets: labels });
    expect(again.gradients.logits?.storage).toEqual(before);
    const fresh = await crossEntropy(tensor(logits, shape), tensor(labels, labelsShape), all);
    expect(await numbers(again.gradients.logits)).toEqual(await numbers(fresh.gradients.logits));
    expect((await numbers(again.gradients.logits)).filter((g) => g === 0)).toHaveLength(
      4 * classes,
    );
  },
);

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

test("without WebAssembly everything is the same, to the last bit", async () => {
  const logits = logitsOf(40, 333);
  const labels = labelsFrom(8, 40, 333);
  const all = async (library: typeof import("../../src/index.js")) => {
    const backend = await library.openBackend({ kind: "cpu" });
    const wide = { backend, gradients: true, outputs: ["entropy"] } as const;
    const input = library.tensor(logits, [40, 333]);
    const plain = await library.crossEntropy(input, labels, { backend, gradients: true });
    const general = await library.crossEntropy(input, labels, { ...wide, labelSmoothing: 0.2 });
    const read = [plain, general].map(async ({ loss, gradients }) => [
      await loss.item(),
      ...(await numbers(gradients.logits as Tensor)),
    ]);
    return Promise.all(read);
  };
  const vector = await all(await import("../../src/index.js"));
  vi.resetModules();
  vi.stubGlobal("WebAssembly", undefined);
  const scalar = await all(await import("../../src/index.js"));
  const { vectorised } = await import("../../src/cpu/vectorised.js");
  expect(vectorised()).toBe(false);
  expect(scalar).toEqual(vector);
});
