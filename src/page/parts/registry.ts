import type { AnyLoss, LossSpec } from "../../index.js";
import * as library from "../../index.js";

const isLoss = (value: unknown): value is AnyLoss =>
  typeof value === "function" && "spec" in value && "plan" in value;

/** Every loss that the library exports, in its order: the page knows no other list. */
export const losses: readonly AnyLoss[] = Object.values<unknown>(library).filter(isLoss);

const byName = new Map(losses.map((loss) => [loss.spec.name, loss]));

export const lossNamed = (name: string): AnyLoss | undefined => byName.get(name);

/** A loss that is known to be there, because the caller is shown only where it is. */
export function theLoss(name: string): AnyLoss {
  const loss = byName.get(name);
  if (!loss) throw new Error(`this build of the library has no loss ${name}`);
  return loss;
}

/** Other exports by name, for the few pictures that show a function which is no loss. */
export const exported = (name: string): unknown => (library as Record<string, unknown>)[name];

export const has = (...names: readonly string[]): boolean => names.every((name) => name in library);

/** Whether it can run where the page computes. */
export const runsOn = (spec: LossSpec, kind: "webgpu" | "cpu"): boolean =>
  kind === "cpu" || spec.gpu !== undefined;
