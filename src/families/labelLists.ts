import { fail } from "../errors.js";
import { hostLabels, takesPart } from "../labels.js";
import type { Request } from "../request.js";

/** Fails unless `name` holds whole numbers; lists become integer arrays. */
function expectWholeNumbers(request: Request, name: string): void {
  const argument = request.tensors[name];
  if (!argument) return;
  const isList = argument.dtype === "f64" && argument.host !== undefined;
  if (argument.isFloat() && !isList) {
    fail("DTYPE", `${request.where(name)} has dtype ${argument.dtype}, expected whole numbers`);
  }
  if (!isList) return;
  request.tensors[name] = argument.toIntegers(request.where(name));
}

/** Fails unless every number of `name` lies in [0, most]. Numbers on the GPU are judged there. */
export function expectLengths(request: Request, name: string, most: number): void {
  expectWholeNumbers(request, name);
  const argument = request.tensors[name];
  const lengths = argument && hostLabels(argument);
  for (let row = 0; row < (lengths?.length ?? 0); row++) {
    const length = (lengths as ArrayLike<number>)[row] as number;
    if (length >= 0 && length <= most) continue;
    fail("OPTION", `${request.where(name)} holds ${length} at index ${row}, outside [0, ${most}]`);
  }
}

/** How many of a row's `width` labels count: those before the first -1, or as many as `lengths` says. */
export function countsOf(
  labels: ArrayLike<number>,
  width: number,
  lengths?: ArrayLike<number>,
): (row: number) => number {
  if (lengths) return (row) => lengths[row] as number;
  return (row) => {
    let count = 0;
    while (count < width && labels[row * width + count] !== -1) count += 1;
    return count;
  };
}

/** Fails unless the labels that count are classes, and not `blank`. Labels on the GPU are judged there. */
export function expectLabelLists(
  request: Request,
  name: string,
  classes: number,
  width: number,
  counts: (labels: ArrayLike<number>) => ((row: number) => number) | undefined,
  blank = -1,
): void {
  expectWholeNumbers(request, name);
  const labels = hostLabels(request.get(name));
  const count = labels && counts(labels);
  const isScored = takesPart(request);
  if (!labels || !count || !isScored) return;
  for (let row = 0; row * width < labels.length; row++) {
    if (!isScored(row)) continue;
    for (let at = row * width; at < row * width + count(row); at++) {
      const label = labels[at] as number;
      const wrong = label === blank ? "the blank class" : `outside [0, ${classes})`;
      if (label >= 0 && label < classes && label !== blank) continue;
      fail("TARGET_OUT_OF_RANGE", `${request.where(name)} holds ${label} at index ${at}, ${wrong}`);
    }
  }
}
