import { broadcastShape, type Stretch, sourceIndex, stretchOf } from "../broadcast.js";
import { fail } from "../errors.js";
import type { Request } from "../request.js";
import type { InputRole, TensorOption } from "../spec.js";
import { sizeOf } from "../tensor.js";

/** One argument of an element-wise hook: an input, or an option that may be a tensor. */
export interface Operand {
  readonly name: string;
  readonly role: InputRole;
  /** Its own shape; undefined where it is one number, or left out. */
  readonly shape: readonly number[] | undefined;
  /** How it repeats over the losses' shape; undefined where it has that shape itself. */
  readonly stretch: Stretch | undefined;
  /** What stands for an option that is left out; null for nothing. */
  readonly fallback: number | null;
}

/** The sizes of an element-wise problem. */
export interface Arrangement {
  readonly operands: readonly Operand[];
  readonly lossShape: readonly number[];
  readonly size: number;
}

const words = (shape: readonly number[] | undefined, size: number): string =>
  shape ? `shape [${shape}]` : `${size} elements`;

/** The axes at the end of `full` that a tensor with numbers for them alone has; undefined where it has no such shape. */
function trailing(
  full: readonly number[],
  shape: readonly number[] | undefined,
  size: number,
): readonly number[] | undefined {
  for (let rank = 0; rank <= full.length; rank++) {
    const suffix = full.slice(full.length - rank);
    const fits = shape ? shape.join() === suffix.join() : size === sizeOf(suffix);
    if (fits) return suffix;
  }
  return undefined;
}

/** The shape that all inputs have together. */
function commonShape(
  request: Request,
  names: readonly string[],
  shapes: Readonly<Record<string, readonly number[]>>,
): readonly number[] {
  const known = names.map((name) => shapes[name] ?? request.get(name).shape);
  if (request.choices.broadcast || Object.keys(shapes).length > 0) {
    const all = names.map((name, at) => known[at] ?? [request.get(name).size]);
    const shape = broadcastShape(all);
    if (shape) return shape;
    const list = names.map((name, at) => `${name} [${all[at]}]`).join(", ");
    return fail(
      "SHAPE_MISMATCH",
      `${request.spec.name}: the shapes do not broadcast: ${list}; expected extents that are equal or 1`,
    );
  }
  return known.find((shape) => shape !== undefined) ?? [request.get(names[0] as string).size];
}

/**
 * Compares the shapes of all operands and finds the losses' shape. `shapes` are those of inputs that the loss itself
 * stretches.
 */
export function arrange(
  request: Request,
  shapes: Readonly<Record<string, readonly number[]>> = {},
): Arrangement {
  const { spec } = request;
  const inputs = Object.keys(spec.inputs);
  const lossShape = commonShape(request, inputs, shapes);
  const first = inputs[0] as string;
  const mayStretch = request.choices.broadcast === true;

  const place = (name: string, role: InputRole, option?: TensorOption): Operand => {
    const argument = request.tensors[name];
    const isOption = option !== undefined;
    const fallback = option?.nullable ? null : (option?.default ?? null);
    const operand = { name, role, fallback };
    if (!argument) return { ...operand, shape: undefined, stretch: undefined };
    if (role === "wrt" && isOption) request.expectFloat(name);
    const given = shapes[name] ?? argument.shape;
    const end = isOption && role === "data" ? trailing(lossShape, given, argument.size) : undefined;
    const wide = broadcastShape([lossShape, given ?? [argument.size]]);
    if (end || (wide?.join() === lossShape.join() && (mayStretch || shapes[name]))) {
      const shape = end ?? given ?? [argument.size];
      const own = argument.shape ?? (shapes[name] ? [argument.size] : shape);
      return { ...operand, shape: own, stretch: stretchOf(lossShape, shape) };
    }
    if (argument.fits(lossShape)) return { ...operand, shape: lossShape, stretch: undefined };
    const rule = isOption && role === "data" ? ", or the last axes of it" : "";
    const fix = isOption ? "" : "; broadcast: true stretches extents of 1";
    return fail(
      "SHAPE_MISMATCH",
      `${request.where(name)} has ${words(given, argument.size)}, expected [${lossShape}] like ${
        name === first ? "the other inputs" : first
      }${rule}${fix}`,
    );
  };
  const operands = [
    ...Object.entries(spec.inputs).map(([name, role]) => place(name, role)),
    ...Object.entries(spec.options).flatMap(([name, option]) =>
      "tensor" in option ? [place(name, option.role ?? "data", option)] : [],
    ),
  ];
  request.expectCommon(lossShape);
  expectPlaces(request, operands);
  return { operands, lossShape, size: sizeOf(lossShape) };
}

/** A gradient can be written over its input only where nothing else of the call lies there, and no word has two writers. */
function expectPlaces(request: Request, operands: readonly Operand[]): void {
  let odd: number | undefined;
  for (const { name, stretch } of operands) {
    if (request.gradients[name] !== "inPlace") continue;
    const where = `${request.where("gradients")}.${name}`;
    if (stretch) {
      fail("OPTION", `${where} cannot be "inPlace": ${name} is stretched, its gradient is a sum`);
    }
    const { gpu, dtype } = request.get(name);
    for (const [other, { gpu: beside }] of Object.entries(request.tensors)) {
      if (!gpu || other === name || beside?.buffer !== gpu.buffer) continue;
      fail(
        "UNSUPPORTED",
        `${where} cannot be "inPlace": ${other} lies in the same GPUBuffer, expected one of its own`,
      );
    }
    if (dtype !== "f16" && dtype !== "bf16") continue;
    const begins = ((gpu?.offset ?? 0) / 2) % 2;
    if (odd !== undefined && odd !== begins) {
      fail(
        "UNSUPPORTED",
        `${where}: 16-bit inputs that are both overwritten must both begin at an even element, or both at an odd one`,
      );
    }
    odd = begins;
  }
}

/** Fails where a number in CPU memory that takes part lies outside [min, max]. */
export function expectWithin(
  request: Request,
  { operands, lossShape, size }: Arrangement,
  name: string,
  min: number,
  max: number,
): void {
  const argument = request.tensors[name];
  const operand = operands.find((one) => one.name === name);
  if (!argument?.host || !operand) return;
  const values = argument.values();
  const mask = request.tensors.mask;
  if (mask && !mask.host) return;
  const taken = mask?.values();
  const count = taken || operand.stretch ? size : values.length;
  for (let index = 0; index < count; index++) {
    if (taken && Number(taken[index]) === 0) continue;
    const value = Number(values[sourceIndex(operand.stretch, index)]);
    if (value >= min && value <= max) continue;
    const bounds = max === Number.POSITIVE_INFINITY ? `at least ${min}` : `within [${min}, ${max}]`;
    fail(
      "TARGET_OUT_OF_RANGE",
      `${request.where(name)} holds ${value} at index ${index} of [${lossShape}], expected ${bounds}`,
    );
  }
}
