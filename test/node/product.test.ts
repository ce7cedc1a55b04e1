import { afterEach, expect, test, vi } from "vitest";
import { multiply } from "../../src/cpu/product.js";
import { transposed } from "../../src/cpu/transposed.js";
import { openBackend, similarityMatrix, type Tensor } from "../../src/index.js";
import { randomFrom } from "../random.js";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** The same file where there is no WebAssembly. */
async function plainly(): Promise<typeof import("../../src/cpu/product.js")> {
  vi.resetModules();
  vi.stubGlobal("WebAssembly", undefined);
  return import("../../src/cpu/product.js");
}

test.each([
  [1, 1, 1],
  [3, 5, 7],
  [4, 2, 2],
  [65, 67, 33],
  [130, 3, 512],
  [2, 129, 1000],
  [5, 6, 9001],
  [2, 2, 2 ** 17 + 2],
  [0, 4, 3],
])(
  "%i × %i products of %i numbers have the same bits without WebAssembly",
  async (rows, columns, depth) => {
    const random = randomFrom(rows + depth);
    const vectors = (count: number): Float64Array =>
      Float64Array.from({ length: count * depth }, () => random() - 0.5);
    const [a, b] = [vectors(rows), vectors(columns)];
    const found = multiply(a, rows, b, columns, depth);
    expect(found.length).toBe(rows * columns);
    for (let at = 0; at < found.length; at += 1 + Math.floor(found.length / 50)) {
      const [i, j] = [Math.floor(at / columns), at % columns];
      let sum = 0;
      for (let k = 0; k < depth; k++)
        sum += (a[i * depth + k] as number) * (b[j * depth + k] as number);
      expect(Math.abs((found[at] as number) - sum)).toBeLessThan(1e-15 * depth);
    }
    expect((await plainly()).multiply(a, rows, b, columns, depth)).toEqual(found);
  },
);

test("vectors of no numbers have products of 0", () => {
  expect(multiply(new Float64Array(0), 2, new Float64Array(0), 1, 0)).toEqual(
    Float64Array.of(0, 0),
  );
});

test("what one product left in memory is no part of the next", () => {
  const poison = new Float64Array(64 * 8).fill(Number.NaN);
  multiply(poison, 64, poison, 64, 8);
  const ones = new Float64Array(3 * 5).fill(1);
  expect(multiply(ones, 3, ones, 3, 5)).toEqual(new Float64Array(9).fill(5));
});

test("a matrix turned twice is itself", () => {
  const matrix = Float64Array.from({ length: 12 }, (_, at) => at);
  expect([...transposed(matrix, 3, 4)]).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
  expect(transposed(transposed(matrix, 3, 4), 4, 3)).toEqual(matrix);
});

test("a score that nothing is asked of takes no NaN to the other side", async () => {
  const backend = await openBackend({ kind: "cpu" });
  const a = [
    [1, 2],
    [Number.NaN, 1],
    [3, -1],
  ];
  const b = [
    [4, 5],
    [6, 7],
  ];
  const upstream = [
    [1, 1],
    [0, 0],
    [1, 2],
  ];
  const options = { backend, metric: "dot", upstream, gradients: true } as const;
  const { gradients } = await similarityMatrix(a, b, options);
  expect([...(await (gradients.b as Tensor).read())]).toEqual([4, 1, 7, 0]);
  expect([...(await (gradients.a as Tensor).read())]).toEqual([10, 12, 0, 0, 16, 19]);
});
