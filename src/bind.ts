import { Argument, toArgument, toIntegers } from "./argument.js";
import { bufferTensor } from "./bufferTensor.js";
import { gpuDType } from "./dtype.js";
import { fail } from "./errors.js";
import { bufferRange } from "./interop.js";
import { checkNames, checkNumber } from "./options.js";
import type { Request } from "./request.js";
import type { NumberOption } from "./spec.js";

const ANY_NUMBER: NumberOption = { default: 1, doc: "" };

/** Data for a planned argument. A bare GPU buffer takes the planned shape and format. */
function boundArgument(value: unknown, planned: Argument, where: string): Argument {
  const shape = planned.shape ?? [planned.size];
  const raw = bufferRange(value);
  const parsed = toArgument(
    raw ? bufferTensor(raw, shape, planned.dtype) : value,
    planned.name,
    where,
  );
  const isList = parsed.dtype === "f64" && !planned.isFloat();
  const given = isList ? toIntegers(parsed, where) : parsed;
  if (!given.fits(shape)) {
    const got = given.shape ? `shape [${given.shape}]` : `${given.size} elements`;
    fail("SHAPE_MISMATCH", `${where} has ${got}, the plan was made for [${shape}]`);
  }
  if (gpuDType(given.dtype) !== gpuDType(planned.dtype)) {
    fail("DTYPE", `${where} has dtype ${given.dtype}, the plan was made for ${planned.dtype}`);
  }
  return new Argument(planned.name, given.dtype, shape, given.storage, given.size);
}

/** A planned request with data in place: each must have the planned shape and format. */
export function bind(
  request: Request,
  inputs: Readonly<Record<string, unknown>>,
  numbers: Readonly<Record<string, number>> = {},
): Request {
  const { name: loss, options } = request.spec;
  checkNames(loss, inputs, Object.keys(request.tensors), "input of this plan");
  const tensors: Record<string, Argument> = {};
  for (const [name, planned] of Object.entries(request.tensors)) {
    const value = inputs[name];
    if (value === undefined) {
      if (!planned.storage) fail("SHAPE_MISMATCH", `${request.where(name)} is missing`);
      tensors[name] = planned;
    } else {
      tensors[name] = boundArgument(value, planned, request.where(name));
    }
  }
  const changed = { ...request.numbers };
  checkNames(loss, numbers, Object.keys(request.numbers), "number");
  for (const [name, value] of Object.entries(numbers)) {
    const spec = options[name] as NumberOption | undefined;
    changed[name] = checkNumber(request.where(name), value, spec ?? ANY_NUMBER);
  }
  return Object.assign(Object.create(request) as Request, { tensors, numbers: changed });
}
