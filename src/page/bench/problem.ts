import type { ClassProblem } from "../../../bench/page/contract.js";
import { Random } from "../check/random.js";
import { breathe } from "./breathe.js";

/** Logits and labels, made in slices so that the page stays alive. */
export async function makeProblem(
  name: string,
  rows: number,
  classes: number,
  signal: AbortSignal,
): Promise<ClassProblem> {
  const random = new Random(name);
  const logits = new Float32Array(rows * classes);
  const labels = Int32Array.from({ length: rows }, () => random.below(classes));
  for (let row = 0; row < rows; row++) {
    for (let i = row * classes; i < (row + 1) * classes; i++) logits[i] = random.normal(3);
    await breathe(signal);
  }
  return { kind: "classes", name, rows, classes, inner: 1, shape: [rows, classes], logits, labels };
}
