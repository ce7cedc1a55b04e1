import type { Request } from "./request.js";

/** The option that switches the check off, for losses that take logits. */
export const checkLogits = {
  default: true,
  doc: "Warns once, on the console, when logits in CPU memory look like probabilities.",
} as const;

const isShare = (value: unknown): boolean => (value as number) >= 0 && (value as number) <= 1;

/** The numbers to judge: not those on a GPU, nor 16-bit ones, which would have to be decoded first. */
function numbersToJudge(request: Request, name: string): ArrayLike<number> | undefined {
  const data = request.tensors[name]?.host;
  const isPlain = data instanceof Float32Array || data instanceof Float64Array;
  return isPlain && request.choices.checkLogits ? data : undefined;
}

/** Warns once per loss when its logits look like probabilities; `fix` says what to do about it. */
export function warnIfProbabilities(request: Request, name: string, fix: string): void {
  const data = numbersToJudge(request, name);
  if (!data || !isShare(data[0])) return;
  import("./warnings.js").then((warnings) => warnings.judgeShares(request, name, data, fix));
}

/** Warns once per loss when the rows of its logits look like what a softmax made: real ones fail in their first row. */
export function warnIfDistributions(
  request: Request,
  name: string,
  classes: number,
  stride = 1,
): void {
  const data = numbersToJudge(request, name);
  if (!data) return;
  let sum = 0;
  for (let c = 0; c < classes; c++) {
    const value = data[c * stride];
    if (!isShare(value)) return;
    sum += value as number;
  }
  if (Math.abs(sum - 1) > 0.01) return;
  import("./warnings.js").then((warnings) =>
    warnings.judgeDistributions(request, name, data, classes, stride),
  );
}
