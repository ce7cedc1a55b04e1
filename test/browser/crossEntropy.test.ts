import { describe, expect, test } from "vitest";
import { type Backend, crossEntropy, openBackend, tensor } from "../../src/index.js";
import {
  disagreements,
  largestRowSum,
  limits,
  openAsHardware,
  openSoftware,
  read,
  readAll,
  worst,
} from "../against.js";
import { rowsOfAll } from "../distributions.js";

const reference = await openBackend({ kind: "cpu" });
const software = await openSoftware();
const hardware = await openAsHardware();

const planned: readonly (readonly [string, Backend])[] = [
  ["few lanes, as for a software adapter", software],
  ["many lanes, as for a GPU", hardware],
];

// One row of each of 11 distributions, at class counts around the vector width, the lanes, powers of
// two, the vocabulary of GPT-2 and a quarter of a million.
const classCounts = [1, 2, 3, 4, 5, 31, 64, 127, 1000, 1025, 4099, 32_003, 50_257, 262_144];

describe.each(planned)("11 distributions of logits, planned with %s", (_, backend) => {
  test.each(classCounts)("%i classes: every loss within 4e-6 + 3e-7 |loss|", async (classes) => {
    const { logits, labels, rows } = rowsOfAll(1, classes, classes);
    const inputs = [tensor(logits, [rows, classes]), labels] as const;
    const options = { reduction: "none", gradients: true } as const;
    const got = await crossEntropy(...inputs, { ...options, backend });
    const gradient = await read(got.gradients.logits);
    expect(largestRowSum(gradient, classes), "row sum").toBeLessThanOrEqual(limits.rowSum);
    const want = await crossEntropy(...inputs, { ...options, backend: reference });
    expect(await disagreements(got, want)).toEqual([]);
  });

  test.each([31, 1000])("%i classes: the losses alone are the same", async (classes) => {
    const { logits, labels, rows } = rowsOfAll(3, classes, 7);
    const inputs = [tensor(logits, [rows, classes]), labels] as const;
    const options = { reduction: "none" } as const;
    const got = await crossEntropy(...inputs, { ...options, backend });
    const want = await crossEntropy(...inputs, { ...options, backend: reference });
    expect(await disagreements(got, want)).toEqual([]);
  });

  test("every count of classes up to 70, so that no remainder is left out", async () => {
    const problems: string[] = [];
    for (let classes = 1; classes <= 70; classes++) {
      const { logits, labels, rows } = rowsOfAll(1, classes, classes);
      const inputs = [tensor(logits, [rows, classes]), labels] as const;
      const options = { reduction: "none", gradients: true } as const;
      const got = await crossEntropy(...inputs, { ...options, backend });
      const want = await crossEntropy(...inputs, { ...options, backend: reference });
      const found = await disagreements(got, want);
      problems.push(...found.map((text) => `${classes} classes: ${text}`));
    }
    expect(problems).toEqual([]);
  });

  test("the outputs come with the same exactness", async () => {
    const { logits, labels, rows } = rowsOfAll(2, 1000, 11);
    const inputs = [tensor(logits, [rows, 1000]), labels] as const;
    const outputs = ["logSumExp", "logProbs", "entropy", "correct"] as const;
    const got = await crossEntropy(...inputs, { reduction: "none", outputs, backend });
    const want = await crossEntropy(...inputs, { reduction: "none", outputs, backend: reference });
    expect(await disagreements(got, want)).toEqual([]);
  });

  test("the sum of a quarter of a million class weights is exact to 3e-7", async () => {
    const classes = 262_144;
    const { logits, labels, rows } = rowsOfAll(1, classes, 5);
    const weight = Float32Array.from({ length: classes }, (_, c) => 0.3 + ((c * 7) % 11) / 37);
    const inputs = [tensor(logits, [rows, classes]), labels] as const;
    const options = { weight, labelSmoothing: 0.9, reduction: "none" } as const;
    const got = await crossEntropy(...inputs, { ...options, backend });
    const want = await crossEntropy(...inputs, { ...options, backend: reference });
    expect(await disagreements(got, want)).toEqual([]);
  });

  test("a mean over thousands of rows is exact to 3e-7", async () => {
    // More than one block of the reduction; wide workgroups are slow where they are only emulated.
    const rows = backend === software ? 20_000 : 4400;
    const { logits, labels } = rowsOfAll(Math.ceil(rows / 11), 3, 5);
    const inputs = [tensor(logits.slice(0, rows * 3), [rows, 3]), labels.slice(0, rows)] as const;
    const got = await readAll(await crossEntropy(...inputs, { backend }));
    const want = await readAll(await crossEntropy(...inputs, { backend: reference }));
    const { share, at } = worst(got["loss"] ?? [], want["loss"] ?? [], (loss) => 3e-7 * loss);
    expect(share, at).toBeLessThanOrEqual(1);
  });
});
