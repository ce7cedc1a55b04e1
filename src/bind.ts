import { Argument, toArgument } from "./argument.js";
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
  const given = isList ? parsed.toIntegers(where) : parsed;
  if (!given.fits(shape)) {
    const got = given.shape ? `shape [${given.shape}]` : `${given.size} elements`;
    fail("SHAPE_MISMATCH", `${where} has ${got}, the plan was made for [${shape}]`);
  }
  if (gpuDType(given.dtype) !== gpuDType(planned.dtype)) {
    fail("DTYPE", `${where} has dtype ${given.dtype}, the plan was made for ${planned.dtype}`);
  }
  return new Argument(planned.name, given.dtype, shape, given.storage, given.size);
}

/** A planned request with other tensors or numbers. */
const derived = (request: Request, change: Partial<Request>): Request =>
  Object.assign(Object.create(request) as Request, change);

/** A planned request with data in place: each must have the planned shape and format. */
export function bindInputs(request: Request, inputs: Readonly<Record<string, unknown>>): Request {
  checkNames(request.spec.name, inputs, Object.keys(request.tensors), "input of this plan");
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
  return derived(request, { tensors });
}

/** Whether a plan made with this request keeps the number: it was compiled in. */
export function isFixed(request: Request, name: string): boolean {
  const spec = request.spec.options[name] as NumberOption | undefined;
  return spec?.fixed === "always" || (spec?.fixed === "atZero" && request.numbers[name] === 0);
}

/** A planned request with number options changed, within their ranges. */
export function bindNumbers(request: Request, numbers: Readonly<Record<string, number>>): Request {
  const { name: loss, options } = request.spec;
  checkNames(loss, numbers, Object.keys(request.numbers), "number");
  const changed = { ...request.numbers };
  for (const [name, value] of Object.entries(numbers)) {
    const spec = options[name] as NumberOption | undefined;
    changed[name] = checkNumber(request.where(name), value, spec ?? ANY_NUMBER);
    if (!isFixed(request, name)) continue;
    fail("OPTION", `${loss}: ${name} is fixed in this plan; make one with it switched on`);
  }
  return derived(request, { numbers: changed });
}
