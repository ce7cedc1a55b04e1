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

/** Warns once per loss when its logits look like probabilities; `fix` says what to do about it. */
export function warnIfProbabilities(request: Request, name: string, fix: string): void {
  const argument = request.tensors[name];
  const loss = request.spec.name;
  if (!argument?.host || request.choices.checkLogits === false || warned.has(loss)) return;
  if (!argument.isFloat() || !looksLikeProbabilities(argument.values())) return;
  warned.add(loss);
  console.warn(
    `${request.where(name)} all lie between 0 and 1, as probabilities do, but logits are expected: ${fix}. ` +
      "If they really are logits, set checkLogits: false. (This is said once.)",
  );
}

/** Forgets what was said, so that it can be said again. */
export const forgetWarnings = (): void => warned.clear();
