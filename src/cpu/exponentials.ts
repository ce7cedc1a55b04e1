/** Steps of the fine table in a unit of the exponent; 2^STEP_BITS. */
const STEP_BITS = 11;
const STEPS = 1 << STEP_BITS;
/** Below it exp is 0 in float64 too. */
const LOWEST = -746;
const whole = /* @__PURE__ */ Float64Array.from({ length: 2 - LOWEST }, (_, n) => Math.exp(-n));
const fine = /* @__PURE__ */ Float64Array.from({ length: STEPS }, (_, n) => Math.exp(-n / STEPS));

/**
 * exp of a number that is not positive, off by at most 6e-16 of it: the nearest entries of two tables times a short
 * series. It takes three quarters of Math.exp's time in a new engine, a third in an old one, and a row has one a class.
 */
export function expOfNegative(x: number): number {
  if (x < LOWEST) return 0;
  const n = (0.5 - STEPS * x) | 0;
  // Exact: both are multiples of the same power of two. NaN stays NaN.
  const r = x + n / STEPS;
  const nearest = (whole[n >> STEP_BITS] as number) * (fine[n & (STEPS - 1)] as number);
  return nearest + nearest * (r + r * r * (1 / 2 + r * (1 / 6)));
}

/**
 * Writes exp(u - max) of all classes into `e`, unless that is empty, and returns their sum without the maximum's own
 * term: on a confident row that sum is small, and would be lost beside 1.
 */
export function exponentials(
  u: Float64Array,
  e: Float64Array,
  argmax: number,
  max: number,
): number {
  const classes = u.length;
  let others = 0;
  // Two ranges, so that no loop has to ask; and loops of their own where nothing is kept, for a store costs.
  if (e.length === 0) {
    for (let c = 0; c < argmax; c++) others += expOfNegative((u[c] as number) - max);
    for (let c = argmax + 1; c < classes; c++) others += expOfNegative((u[c] as number) - max);
  } else {
    for (let c = 0; c < argmax; c++) others += e[c] = expOfNegative((u[c] as number) - max);
    for (let c = argmax + 1; c < classes; c++) {
      others += e[c] = expOfNegative((u[c] as number) - max);
    }
  }
  return others;
}
