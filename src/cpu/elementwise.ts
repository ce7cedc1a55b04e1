import { sourceIndex } from "../broadcast.js";
import type { Dual, ElementwiseLoss } from "../families/elementwise.js";
import type { Arrangement, Operand } from "../families/operands.js";
import type { Request } from "../request.js";
import type { CpuArray, CpuOutcome } from "../spec.js";
import { sizeOf } from "../tensor.js";
import { reduceValues, rowFactors } from "./factors.js";

type Numbers = ArrayLike<number>;

/** An operand's numbers; 64-bit integers as numbers. One that was left out has none. */
function numbersOf(request: Request, { name }: Operand): Numbers | undefined {
  const argument = request.tensors[name];
  if (!argument) return undefined;
  const values = argument.values();
  return argument.dtype === "i64" ? Float64Array.from(values as Numbers, Number) : values;
}

/** An element-wise loss in float64. */
export function elementwiseCpu(
  loss: ElementwiseLoss,
  request: Request,
  { operands, lossShape, size }: Arrangement,
): CpuOutcome {
  const factors = rowFactors(request, lossShape);
  const numbers = operands.map((operand) => numbersOf(request, operand));
  const wrt = operands.filter(({ role }) => role === "wrt");
  const gradients: Record<string, CpuArray & { readonly data: Float64Array }> = {};
  for (const { name, shape } of wrt) {
    if (shape && request.gradients[name]) {
      gradients[name] = { shape, data: new Float64Array(sizeOf(shape)) };
    }
  }
  const spoiledSlope = loss.atNaN === "zero" ? 0 : Number.NaN;
  const spoiled: Dual = [Number.NaN, ...wrt.map(() => spoiledSlope)];
  const args: unknown[] = operands.map(({ name, fallback }) => request.numbers[name] ?? fallback);
  args.push({ ...request.choices, ...request.numbers });

  const dualAt = (index: number): Dual => {
    let spoils = false;
    let infinite = 0;
    for (const [at, { name, stretch }] of operands.entries()) {
      const from = numbers[at];
      if (from) args[at] = from[sourceIndex(stretch, index)];
      const value = args[at];
      if (typeof value !== "number" || Number.isFinite(value)) continue;
      infinite += 1;
      spoils ||= Number.isNaN(value) || !loss.limits?.includes(name);
    }
    return spoils || infinite > 1 ? spoiled : loss.cpu(...args);
  };

  const values = new Float64Array(size);
  for (let index = 0; index < size; index++) {
    if (!factors.active[index]) continue;
    const [value, ...slopes] = dualAt(index);
    values[index] = (factors.value[index] as number) * value;
    const g = factors.gradient[index] as number;
    if (g === 0) continue;
    for (let at = 0; at < wrt.length; at++) {
      const { name, stretch } = wrt[at] as Operand;
      const data = gradients[name]?.data;
      if (!data) continue;
      const place = sourceIndex(stretch, index);
      data[place] = (data[place] as number) + g * (slopes[at] as number);
    }
  }
  return { ...reduceValues(request, lossShape, values, factors), gradients, outputs: {} };
}
