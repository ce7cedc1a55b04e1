import { expect, test } from "vitest";
import { expOfNegative, exponentials } from "../../src/cpu/exponentials.js";
import { randomFrom } from "../random.js";

test("is exp to within 6e-16 wherever that is a normal number", () => {
  const random = randomFrom(5);
  let worst = 0;
  for (let run = 0; run < 200_000; run++) {
    const x = -708 * random() ** 3;
    worst = Math.max(worst, Math.abs(expOfNegative(x) / Math.exp(x) - 1));
  }
  expect(worst).toBeLessThan(6e-16);
  expect(worst).toBeGreaterThan(0);
});

test("is exact where there is nothing to round", () => {
  expect(expOfNegative(0)).toBe(1);
  expect(expOfNegative(-1e-300)).toBe(1);
  expect(expOfNegative(Number.NEGATIVE_INFINITY)).toBe(0);
  expect(expOfNegative(-746)).toBe(0);
  expect(expOfNegative(-1e308)).toBe(0);
  expect(expOfNegative(Number.NaN)).toBeNaN();
});

test("keeps the subnormal end, in steps that the format has there", () => {
  for (const x of [-709, -720, -740, -745]) {
    expect(Math.abs(expOfNegative(x) - Math.exp(x))).toBeLessThanOrEqual(2 * Number.MIN_VALUE);
  }
});

test("a row's sum leaves its maximum out, and does not depend on what is kept", () => {
  const u = Float64Array.of(-1, 3, 2, Number.NEGATIVE_INFINITY);
  const kept = new Float64Array(4);
  const sum = exponentials(u, kept, 1, 3);
  expect(sum).toBeCloseTo(Math.exp(-4) + Math.exp(-1), 15);
  expect([...kept]).toEqual([expOfNegative(-4), 0, expOfNegative(-1), 0]);
  expect(exponentials(u, new Float64Array(0), 1, 3)).toBe(sum);
});
