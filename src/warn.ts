import type { Request } from "./request.js";

/** Fewer numbers than this may well lie between 0 and 1 by chance. */
const ENOUGH = 16;
const warned = new Set<string>();

/** The option that switches the check off, for losses that take logits. */
export const checkLogits = {
  default: true,
  doc: "Warns once, on the console, when logits in CPU memory look like probabilities.",
} as const;

/** Stops at the first number that no probability can be, so that real logits cost next to nothing. */
function looksLikeProbabilities(data: ArrayLike<number>): boolean {
  let between = false;
  for (let index = 0; index < data.length; index++) {
    const value = data[index] as number;
    if (!(value >= 0 && value <= 1)) return false;
    between ||= value > 0 && value < 1;
  }
  return between && data.length >= ENOUGH;
}

/** Rows that are looked at, at most: more of them say nothing new. */
const ROWS = 64;

/** Stops at the first row that is no distribution: real logits get no further than the first. */
export function judgeDistributions(
  data: ArrayLike<number>,
  classes: number,
  stride: number,
): boolean {
  const rows = Math.min(data.length / classes, ROWS);
  let between = false;
  for (let row = 0; row < rows; row++) {
    const base = Math.floor(row / stride) * classes * stride + (row % stride);
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const value = data[base + c * stride] as number;
      if (!(value >= 0 && value <= 1)) return false;
      between ||= value > 0 && value < 1;
      sum += value;
    }
    // As exact as probabilities of 16 bits are; whole numbers (one-hot rows) may well be logits.
    if (Math.abs(sum - 1) > 0.01) return false;
  }
  return between;
}

/** The numbers to judge: not those on a GPU, nor 16-bit ones, which would have to be decoded first. */
function numbersToJudge(request: Request, name: string): ArrayLike<number> | undefined {
  const data = request.tensors[name]?.host;
  const isJudged = request.choices.checkLogits === true && !warned.has(request.spec.name);
  const isPlain = data instanceof Float32Array || data instanceof Float64Array;
  return isJudged && isPlain ? data : undefined;
}

function say(request: Request, name: string, what: string, fix: string): void {
  warned.add(request.spec.name);
  console.warn(
    `${request.where(name)} ${what}, as probabilities do, but logits are expected: ${fix}. ` +
      "If they really are logits, set checkLogits: false. (This is said once.)",
  );
}

/** Warns once per loss when its logits look like probabilities; `fix` says what to do about it. */
export function warnIfProbabilities(request: Request, name: string, fix: string): void {
  const data = numbersToJudge(request, name);
  if (!data || !looksLikeProbabilities(data)) return;
  say(request, name, "all lie between 0 and 1", fix);
}

/** Warns once per loss when the rows of its logits look like what a softmax made. */
export function warnIfDistributions(
  request: Request,
  name: string,
  classes: number,
  stride = 1,
): void {
  const data = numbersToJudge(request, name);
  if (!data || classes < 2 || data.length < classes) return;
  if (!judgeDistributions(data, classes, stride)) return;
  const fix = "give what comes before the softmax, or take nll of the probabilities' logarithms";
  say(request, name, "sum to 1 in each row", fix);
}

/** Forgets what was said, so that it can be said again. */
export const forgetWarnings = (): void => warned.clear();
