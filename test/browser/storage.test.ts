import { describe, expect, test } from "vitest";
import { type Backend, crossEntropy, openBackend, tensor } from "../../src/index.js";
import { disagreements, openAsHardware, openSoftware } from "../against.js";
import { rowsOfAll } from "../distributions.js";
import { fill, randomFrom } from "../random.js";

const reference = await openBackend({ kind: "cpu" });
const software = await openSoftware();
const hardware = await openAsHardware();

type Half = "f16" | "bf16";
const formats: readonly Half[] = ["f16", "bf16"];

// Odd counts: a 32-bit word then holds the end of one row and the beginning of the next. Each list
// ends with counts for which rows are shared by more lanes; wide kernels compile slowly where they are
// only emulated, so that each of them is tried with one format.
const planned: readonly (readonly [string, Half, Backend, readonly number[]])[] = [
  ["one lane or four", "f16", software, [1, 2, 3, 7, 31, 64, 65, 1001, 4099, 8193]],
  ["one lane or four", "bf16", software, [1, 2, 3, 7, 31, 64, 65, 1001, 4099, 8193]],
  ["64 lanes", "f16", hardware, [1, 2, 63, 1001]],
  ["256 lanes", "bf16", hardware, [1025, 4099]],
];

/** Rows whose logits all formats can hold: half precision ends at 65 504. */
function halves(each: number, classes: number, dtype: Half) {
  const { logits, labels, rows } = rowsOfAll(each, classes, classes + 1);
  return { logits: tensor(logits, [rows, classes], { dtype }), labels, rows };
}

describe.each(planned)("rows shared by %s, logits stored as %s", (_, dtype, backend, counts) => {
  test.each(counts)("%i classes: exact for the numbers as rounded", async (classes) => {
    const { logits, labels } = halves(1, classes, dtype);
    const options = { reduction: "none", gradients: true } as const;
    const got = await crossEntropy(logits, labels, { ...options, backend });
    expect(got.gradients.logits.dtype).toBe("f32");
    const want = await crossEntropy(logits, labels, { ...options, backend: reference });
    expect(await disagreements(got, want)).toEqual([]);
  });

  test.each(counts)("%i classes: the gradient in place of the logits", async (classes) => {
    const { logits, labels } = halves(2, classes, dtype);
    const options = { labelSmoothing: 0.1 };
    const inPlace = { logits: "inPlace" } as const;
    const got = await crossEntropy(logits, labels, { ...options, gradients: inPlace, backend });
    expect(got.gradients.logits.dtype).toBe(dtype);
    const all = { ...options, gradients: true, backend: reference };
    const want = await crossEntropy(logits, labels, all);
    expect(await disagreements(got, want, { storage: dtype })).toEqual([]);
  });
});

describe("probabilities beside 16-bit logits", () => {
  test.each(formats)("are read as %s", async (dtype) => {
    const random = randomFrom(9);
    const { logits, rows } = halves(1, 33, "bf16");
    const targets = tensor(fill(rows * 33, random), [rows, 33], { dtype });
    const options = { reduction: "none", gradients: ["logits", "targets"] } as const;
    const got = await crossEntropy(logits, targets, { ...options, backend: software });
    const want = await crossEntropy(logits, targets, { ...options, backend: reference });
    expect(await disagreements(got, want)).toEqual([]);
  });
});

describe("f32 logits", () => {
  test.each([1, 3, 64, 1001, 8193])("%i classes: the gradient in place", async (classes) => {
    const { logits, labels, rows } = rowsOfAll(2, classes, classes);
    const inPlace = { logits: "inPlace" } as const;
    const input = tensor(logits, [rows, classes]);
    const got = await crossEntropy(input, labels, { gradients: inPlace, backend: software });
    const want = await crossEntropy(input, labels, { gradients: true, backend: reference });
    expect(await disagreements(got, want)).toEqual([]);
  });
});

describe("on the CPU", () => {
  test.each(formats)(
    "the gradient takes the place of the %s logits in the array",
    async (dtype) => {
      const { logits, labels } = halves(1, 5, dtype);
      const options = { labelSmoothing: 0.1, backend: reference };
      const want = await crossEntropy(logits, labels, { ...options, gradients: true });
      const got = await crossEntropy(logits, labels, {
        ...options,
        gradients: { logits: "inPlace" },
      });
      expect(await logits.read()).toEqual(await got.gradients.logits.read());
      expect(await disagreements(got, want, { storage: dtype })).toEqual([]);
    },
  );
});
