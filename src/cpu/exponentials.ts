/** Steps of the table in a power of two. */
export const STEPS = 2048;
const STEPS_PER_UNIT = 2954.639443740597;
/** ln 2 / 2048 as a number of 27 bits, whose multiples are exact, and what that leaves. */
const STEP_HIGH = 0.00033845076904981397;
const STEP_LOW = 2.7079718246904592e-12;
/** Added, it leaves a number's whole part in the lowest bits, rounded. */
const MAGIC = 6755399441055744;
/** Below it exp has no normal numbers: 0. */
const LOWEST = -708;

/** 2^(j / 2048) */
export const fractions = /* @__PURE__ */ Float64Array.from(
  { length: STEPS },
  (_, j) => 2 ** (j / STEPS),
);
/** 2^-n */
const wholes = /* @__PURE__ */ new Float64Array(1023).fill(1).map((_, n) => 2 ** -n);

/** exp of a number that is not positive, off by at most 5e-16 of it: an entry of the table times a short series. */
export function expOfNegative(x: number): number {
  if (x < LOWEST) return 0;
  const steps = x * STEPS_PER_UNIT + MAGIC - MAGIC;
  const rest = x - steps * STEP_HIGH - steps * STEP_LOW;
  // NaN is step 0, and stays NaN by its rest.
  const n = steps | 0;
  const power = (fractions[n & (STEPS - 1)] as number) * (wholes[-(n >> 11)] as number);
  const series = rest + rest * rest * (rest * (1 / 6) + 0.5);
  return power + power * series;
}

/**
 * Softmax of rows where they lie: their largest number, the sum of the others' exponentials, then their numbers, which
 * become exp(u - largest). The maximum's own term stays out of the sum: on a confident row that is small, and would be lost
 * beside 1. exponentials.wat does the same two numbers at a time, to the last bit; this is for where there is no WebAssembly.
 */
export function exponentials(data: Float64Array, from: number, rows: number, pitch: number): void {
  for (let row = from; row < from + rows * pitch; row += pitch) {
    const end = row + pitch;
    let largest = Number.NEGATIVE_INFINITY;
    for (let at = row + 2; at < end; at++) {
      const u = data[at] as number;
      if (u > largest) largest = u;
    }
    let even = 0;
    let odd = 0;
    // All but one of those that are as large as the largest are others.
    let ties = -1;
    for (let at = row + 2; at < end; at += 2) {
      const x = (data[at] as number) - largest;
      const y = (data[at + 1] as number) - largest;
      const e = expOfNegative(x);
      const f = expOfNegative(y);
      data[at] = e;
      data[at + 1] = f;
      if (x === 0) ties += 1;
      else even += e;
      if (y === 0) ties += 1;
      else odd += f;
    }
    data[row] = largest;
    data[row + 1] = even + odd + ties;
  }
}
