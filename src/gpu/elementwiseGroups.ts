import { type Denominator, denominatorOf } from "../denominator.js";
import { gpuDType } from "../dtype.js";
import type { ElementwiseLoss } from "../families/elementwise.js";
import type { Arrangement, Operand } from "../families/operands.js";
import type { Request } from "../request.js";
import { bindingsOf } from "./elementwiseModule.js";
import { type Factor, isHalf, type Slot, type Variant } from "./elementwiseText.js";

/** Storage buffers that every device lets a stage bind. */
const MOST_BINDINGS = 8;

/** An element-wise call with its reduction settled. */
export interface Problem extends Arrangement {
  readonly loss: ElementwiseLoss;
  readonly request: Request;
  readonly denominator: Denominator;
  /** The denominator where no pass must find it: a number, or the option that holds it. */
  readonly constant: number | string;
  /** A pass of its own finds the denominators. */
  readonly settled: boolean;
}

export function problemOf(
  loss: ElementwiseLoss,
  request: Request,
  arrangement: Arrangement,
): Problem {
  const denominator = denominatorOf(request, arrangement.lossShape);
  const { term, value } = denominator;
  const { mask, sampleWeight, denominator: given } = request.tensors;
  const weighs = term === "weight" && sampleWeight !== undefined;
  const varies = term !== "constant" && (mask !== undefined || weighs);
  const named = request.numbers.denominator === undefined ? value : "denominator";
  return {
    ...arrangement,
    loss,
    request,
    denominator,
    // Without a mask all elements count: every mean divides by their number.
    constant: term === "constant" ? named : arrangement.size,
    settled: varies || given !== undefined,
  };
}

/** One pass over all elements: whose gradients it writes, and whether it takes the losses too. */
export interface Group {
  readonly wanted: readonly string[];
  readonly valued: boolean;
}

/** What a lane of a pass owns: words of two elements where 16-bit inputs are overwritten. */
export const isPaired = ({ request }: Problem, { wanted }: Group): boolean =>
  wanted.some((name) => request.gradients[name] === "inPlace" && isHalf(request.get(name).dtype));

function slotOf(
  problem: Problem,
  operand: Operand,
  slope: number | undefined,
  kept: boolean,
): Slot {
  const { name, stretch, fallback } = operand;
  const { request } = problem;
  const argument = request.tensors[name];
  return {
    name,
    storage: argument && gpuDType(argument.dtype),
    isNumber: !argument && (request.numbers[name] ?? fallback) !== null,
    pairs: argument && stretch ? stretch.length / 2 : 0,
    slope,
    gradient: kept ? request.gradients[name] : undefined,
  };
}

/** The variant of a kernel for one pass. */
export function variantOf(
  problem: Problem,
  kernel: Variant["kernel"],
  { wanted, valued }: Group,
  folded: boolean,
): Variant {
  const { request, operands, settled, denominator } = problem;
  const factors: Record<string, Factor> = {};
  const read = (name: string): void => {
    const argument = request.tensors[name];
    if (!argument) return;
    const single = name === "upstream" && argument.size === 1;
    factors[name] = { storage: gpuDType(argument.dtype), single };
  };
  if (kernel === "tally" || !folded) for (const name of ["mask", "sampleWeight"]) read(name);
  if (wanted.length > 0) read("upstream");
  const segmented = settled && denominator.segments > 1;
  let slopes = 0;
  const slots = operands.map((operand) => {
    const slope = operand.role === "wrt" ? slopes++ : undefined;
    return slotOf(problem, operand, slope, wanted.includes(operand.name));
  });
  return {
    kernel,
    slots,
    factors,
    folded,
    segmented,
    settled: settled && (wanted.length > 0 || segmented),
    keepsLosses: valued && request.reduction === "none",
    valued,
  };
}

/**
 * Shares the gradients out over as few passes as the bindings allow. Inputs are overwritten in the last one. Where not
 * even one gradient fits, mask and weight are folded into one buffer first.
 */
export function groupsOf(problem: Problem): { groups: readonly Group[]; folded: boolean } {
  const { request, operands } = problem;
  const places = Object.entries(request.gradients);
  const stretched = (name: string): boolean =>
    operands.some((operand) => operand.name === name && operand.stretch !== undefined);
  const rest = places.flatMap(([name, place]) =>
    place === "new" && !stretched(name) ? [name] : [],
  );
  const last = places.flatMap(([name, place]) => (place === "inPlace" ? [name] : []));
  const fits = (wanted: readonly string[], valued: boolean, folded: boolean): boolean =>
    bindingsOf(variantOf(problem, "stream", { wanted, valued }, folded)).length <= MOST_BINDINGS;

  const alone = places.filter(([, place]) => place === "new").map(([name]) => [name]);
  const folded = ![...alone, last].every((wanted) => fits(wanted, false, false));
  const groups: Group[] = [];
  const valued = fits(last, true, folded);
  if (!valued) groups.push({ wanted: [], valued: true });
  const fill = (group: string[], takesLosses: boolean): void => {
    while (rest[0] !== undefined && fits([...group, rest[0]], takesLosses, folded)) {
      group.push(rest.shift() as string);
    }
  };
  fill(last, valued);
  while (rest[0] !== undefined) {
    const group = [rest.shift() as string];
    fill(group, false);
    groups.push({ wanted: group, valued: false });
  }
  groups.push({ wanted: last, valued });
  return { groups, folded };
}
