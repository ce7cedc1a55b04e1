import { type RowFunction, softmaxFunctionCpu } from "../cpu/softmaxFunctions.js";
import { defineLoss, type FunctionOf } from "../define.js";
import { planRowFunction } from "../gpu/rowFunction.js";
import type { Request } from "../request.js";
import type { LossSpec, WorkedCase } from "../spec.js";
import { type RowGeometry, rowGeometry } from "./rowShape.js";

interface Definition {
  readonly name: string;
  readonly aka?: readonly string[];
  readonly summary: string;
  readonly formula: string;
  readonly reference: string;
  readonly cases: readonly WorkedCase[];
  readonly cpu: RowFunction;
}

type SoftmaxFunction = FunctionOf<{
  inputs: { readonly logits: "wrt" };
  options: Record<never, never>;
  result: "output";
}>;

function check(request: Request, width: RowFunction["width"]): RowGeometry {
  return rowGeometry(request, "logits", [], undefined, width === "one" ? "rows" : "classes");
}

/** Makes a function of the rows of logits: nothing is reduced, its values are the result. */
export function rowFunction(definition: Definition): SoftmaxFunction {
  const { name, aka, summary, formula, reference, cases, cpu } = definition;
  return defineLoss({
    ...{ name, family: "row", summary, formula, reference, cases },
    ...(aka ? { aka } : {}),
    inputs: { logits: "wrt" },
    options: {},
    result: "output",
    check: (request: Request) => check(request, cpu.width),
    cpu: (request: Request, geometry: RowGeometry) => softmaxFunctionCpu(request, geometry, cpu),
    gpu: planRowFunction,
  } as LossSpec) as unknown as SoftmaxFunction;
}
