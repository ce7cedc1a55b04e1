import type { Request } from "./request.js";

/** Fewer numbers than this may well lie between 0 and 1 by chance. */
const ENOUGH = 16;
/** Rows that are looked at, at most: more of them say nothing new. */
const ROWS = 64;
const warned = new Set<string>();

function say(request: Request, name: string, what: string, fix: string): void {
  if (warned.has(request.spec.name)) return;
  warned.add(request.spec.name);
  console.warn(
    `${request.where(name)} ${what}, as probabilities do, but logits are expected: ${fix}. ` +
      "If they really are logits, set checkLogits: false. (This is said once.)",
  );
}

/** Forgets what was said, so that it can be said again. */
export const forgetWarnings = (): void => warned.clear();

/** Whole numbers may well be logits: only those between 0 and 1 are told. */
const isBetween = (value: number): boolean => value > 0 && value < 1;

/** Speaks where all numbers lie between 0 and 1. */
export function judgeShares(
  request: Request,
  name: string,
  data: ArrayLike<number>,
  fix: string,
): void {
  if (data.length < ENOUGH || warned.has(request.spec.name)) return;
  let between = false;
  for (let index = 0; index < data.length; index++) {
    const value = data[index] as number;
    if (!(value >= 0 && value <= 1)) return;
    between ||= isBetween(value);
  }
  if (between) say(request, name, "all lie between 0 and 1", fix);
}

/** Speaks where each row is a distribution, as exactly as one of 16-bit numbers is. */
export function judgeDistributions(
  request: Request,
  name: string,
  data: ArrayLike<number>,
  classes: number,
  stride: number,
): void {
  if (warned.has(request.spec.name)) return;
  const rows = Math.min(data.length / classes, ROWS);
  let between = false;
  for (let row = 0; row < rows; row++) {
    const base = Math.floor(row / stride) * classes * stride + (row % stride);
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const value = data[base + c * stride] as number;
      if (!(value >= 0 && value <= 1)) return;
      between ||= isBetween(value);
      sum += value;
    }
    if (Math.abs(sum - 1) > 0.01) return;
  }
  if (!between) return;
  const fix = "give what comes before the softmax, or take nll of the probabilities' logarithms";
  say(request, name, "sum to 1 in each row", fix);
}
