import { defineLoss, type FunctionOf } from "../define.js";
import type { Request } from "../request.js";
import type { LossSpec } from "../spec.js";
import type { Definition } from "./definition.js";
import { type RowGeometry, rowGeometry } from "./rowShape.js";

/** Numbers that a row gives: one for each class, or one in all. */
export type Width = "classes" | "one";

interface FunctionDefinition
  extends Omit<Definition<Record<never, never>, Record<never, never>>, "inputs" | "options"> {
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
export function rowFunction({ width, ...texts }: FunctionDefinition): SoftmaxFunction {
  return defineLoss({
    ...texts,
    family: "row",
    inputs: { logits: "wrt" },
    options: {},
    result: "output",
    check: (request: Request) => check(request, width),
    gpu: async () => (await import("../gpu/rowFunction.js")).planRowFunction,
  } as LossSpec) as unknown as SoftmaxFunction;
}
