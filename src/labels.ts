import type { Argument } from "./argument.js";
import { fail } from "./errors.js";
import type { Request } from "./request.js";

/** Integer labels in CPU memory as plain numbers; undefined when they are on the GPU or not yet given. */
export function hostLabels(argument: Argument): ArrayLike<number> | undefined {
  const data = argument.host;
  if (!data) return undefined;
  return data instanceof BigInt64Array ? Float64Array.from(data, Number) : data;
}

/** Fails unless `name` holds whole numbers of any size: labels that are only compared. */
export function expectIntegers(request: Request, name: string): void {
  const argument = request.get(name);
  const lists = argument.dtype === "f64" && argument.host;
  if (argument.isFloat() && !lists) {
    fail("DTYPE", `${request.where(name)} has dtype ${argument.dtype}, expected integer labels`);
  }
  if (!lists) return;
  const odd = argument.values().findIndex((label) => !Number.isSafeInteger(label));
  if (odd >= 0) {
    const label = argument.values()[odd];
    fail("DTYPE", `${request.where(name)} holds ${label} at index ${odd}, expected whole numbers`);
  }
  request.tensors[name] = argument.toIntegers();
}

/** Fails unless `name` holds whole numbers, in [0, classes) or `ignoreIndex`. Labels on the GPU are judged there. */
export function expectLabels(request: Request, name: string, classes: number): void {
  const argument = request.get(name);
  const lists = argument.dtype === "f64" && argument.host;
  if (argument.isFloat() && !lists) {
    fail(
      "DTYPE",
      `${request.where(name)} has dtype ${argument.dtype}, expected integer class numbers`,
    );
  }
  const labels = hostLabels(argument);
  if (!labels) return;
  const ignored = request.numbers.ignoreIndex;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number;
    if (label === ignored || (label >= 0 && label < classes && Number.isInteger(label))) continue;
    if (!Number.isInteger(label)) {
      fail(
        "DTYPE",
        `${request.where(name)} holds ${label} at index ${row}, expected class numbers`,
      );
    }
    fail(
      "TARGET_OUT_OF_RANGE",
      `${request.where(name)} holds ${label} at index ${row}, outside [0, ${classes})${
        ignored === undefined ? "" : ` and not ignoreIndex ${ignored}`
      }`,
    );
  }
  if (lists) request.tensors[name] = argument.toIntegers();
}
