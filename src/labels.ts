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

/**
 * Which losses the mask leaves: all where there is none; undefined where it is on the GPU, and only a kernel can tell.
 */
export function takesPart({ tensors }: Request): ((row: number) => boolean) | undefined {
  const { mask } = tensors;
  if (!mask) return () => true;
  const { host } = mask;
  if (!host) return undefined;
  const factors = mask.values();
  return (row) => Number(factors[row] ?? 1) !== 0;
}

/** Whether the labels were judged before any kernel ran: else a kernel has to count those that are no classes. */
export const isJudged = (request: Request, name: string): boolean =>
  [request.get(name), request.tensors.mask].every((one) => !one || one.host !== undefined);

/** Fails unless `name` holds class numbers where the mask is not 0, or `ignoreIndex`. Labels on the GPU are judged there. */
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
  const counts = takesPart(request);
  const ignored = request.numbers.ignoreIndex;
  const shift = request.choices.shift === true ? 1 : 0;
  for (let row = 0; counts && row < labels.length; row++) {
    const label = labels[row] as number;
    if (label === ignored || (label >= 0 && label < classes && Number.isInteger(label))) continue;
    if (!counts(row - shift)) continue;
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
