import type { AnyLoss } from "../../index.js";
import { type Numbers, numbersOf, verify, type Worst } from "../../verify.js";
import { runsOn } from "./registry.js";
import { session } from "./session.js";

/** One computation, twice: on the visitor's device and in float64. */
export interface Outcome {
  readonly got: Numbers;
  readonly expected: Numbers;
  /** Undefined where the device is the CPU itself. */
  readonly worst: Worst | undefined;
}

/** Runs a loss where the page computes and in float64 beside it. */
export async function run(
  loss: AnyLoss,
  inputs: readonly unknown[],
  options: Readonly<Record<string, unknown>> = {},
): Promise<Outcome> {
  const { backend, reference } = await session();
  if (backend === reference || !runsOn(loss.spec, backend.kind)) {
    const expected = await numbersOf(loss, inputs, { ...options, backend: reference });
    return { got: expected, expected, worst: undefined };
  }
  const { got, expected, worst } = await verify(loss, inputs, options, backend, reference);
  return { got, expected, worst: worst[0] };
}

/** A result that must be there. */
export function pick(numbers: Numbers, path: string): ArrayLike<number> {
  const found = numbers[path];
  if (!found) throw new Error(`the result has no ${path}`);
  return found;
}

/** The larger of two errors, by the share of tolerance that they used. */
export const worse = (a: Worst | undefined, b: Worst | undefined): Worst | undefined =>
  (b?.used ?? -1) > (a?.used ?? -1) ? b : a;
