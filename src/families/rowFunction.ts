import { defineLoss, type FunctionOf } from "../define.js";
import type { Request } from "../request.js";
import type { LossSpec, WorkedCase } from "../spec.js";
import { type RowGeometry, rowGeometry } from "./rowShape.js";

/** Numbers that a row gives: one for each class, or one in all. */
export type Width = "classes" | "one";

interface Definition {
  readonly name: string;
  readonly aka?: readonly string[];
  readonly summary: string;
  readonly formula: string;
  readonly reference: string;
  readonly cases: readonly WorkedCase[];
  readonly width: Width;
  readonly cpu: LossSpec<RowGeometry>["cpu"];
}

type SoftmaxFunction = FunctionOf<{
  inputs: { readonly logits: "wrt" };
  options: Record<never, never>;
  result: "output";
}>;

function check(request: Request, width: Width): RowGeometry {
  return rowGeometry(request, "logits", [], undefined, width === "one" ? "rows" : "classes");
}

/** Makes a function of the rows of logits: nothing is reduced, its values are the result. */
export function rowFunction(definition: Definition): SoftmaxFunction {
  const { name, aka, summary, formula, reference, cases, width, cpu } = definition;
  return defineLoss({
    ...{ name, family: "row", summary, formula, reference, cases },
    ...(aka ? { aka } : {}),
    inputs: { logits: "wrt" },
    options: {},
    result: "output",
    check: (request: Request) => check(request, width),
    cpu,
    gpu: async () => (await import("../gpu/rowFunction.js")).planRowFunction,
  } as LossSpec) as unknown as SoftmaxFunction;
}
