import math from "../../shaders/math.wgsl?raw";
import pack from "../../shaders/rowPack.wgsl?raw";
import toHalves from "../../shaders/toHalves.wgsl?raw";
import { gpuDType } from "../dtype.js";
import { fail } from "../errors.js";
import { type ProgramBuilder, type Range, slice, type Target } from "../plan.js";
import type { Request } from "../request.js";
import { inputRange, storageCodes } from "./rows.js";
import { chunkOf } from "./sums.js";

/** Bytes of one pass on a software adapter: a few of them fill a slice of work. */
const SOFTWARE_PASS = 8 * 2 ** 20;
/** Bytes of the gradient that waits to be written over its input. */
const SCRATCH = 64 * 2 ** 20;

/** Code of a tensor's storage format in the shaders. */
export function storageOf(request: Request, name: string): number {
  const dtype = gpuDType(request.get(name).dtype);
  if (dtype in storageCodes) return storageCodes[dtype as keyof typeof storageCodes];
  return fail("DTYPE", `${request.where(name)} has dtype ${dtype}, expected f32, f16 or bf16`);
}

/** The range of an optional tensor of plain numbers: nothing but f32 is read there. */
export function plainRange(request: Request, name: string | undefined): Range | undefined {
  const argument = name ? request.tensors[name] : undefined;
  if (!argument || !name) return undefined;
  const dtype = gpuDType(argument.dtype);
  if (dtype !== "f32") {
    fail("DTYPE", `${request.where(name)} has dtype ${dtype}; on the GPU it must be f32`);
  }
  return inputRange(argument);
}

/** Rows of one pass: what fits a binding, and what leaves other work on the GPU its turn. */
export function rowsPerPass(request: Request, on: Target, width: number, bytes: number): number {
  const inPlace = Object.values(request.gradients).includes("inPlace");
  const most = Math.min(
    on.maxBinding,
    on.software ? SOFTWARE_PASS : on.maxBinding,
    inPlace ? SCRATCH : on.maxBinding,
  );
  // A binding begins at an aligned address before the first row.
  if (width * bytes > on.maxBinding - on.alignment) {
    fail(
      "LIMIT_EXCEEDED",
      `${request.spec.name}: a row of ${width} numbers exceeds the device's binding of ${on.maxBinding} bytes`,
    );
  }
  return chunkOf({ ...on, maxBinding: most }, width * bytes);
}

/** Plans the writing of `count` numbers (f32) into a tensor in its own format. */
export function planPack(
  builder: ProgramBuilder,
  gradient: Range,
  packed: Range,
  storage: number,
  count: number,
): void {
  const words = storage === 0 ? count : Math.floor(count / 2) + 1;
  builder.pass({
    kernel: {
      label: "gradient in place",
      parts: [math, toHalves, pack],
      constants: { STORAGE: storage },
      params: { count: "u32", gridWidth: "u32", gradientStart: "u32", packedStart: "u32" },
    },
    bindings: { gradient, packed },
    params: { count },
    workgroups: Math.ceil(words / 64),
    work: count * 8,
  });
}

/** Where a gradient goes: into a buffer of its own, or through a part of one over its input. */
export interface GradientStore {
  /** Where the rows from `first` on are to be written as f32. */
  at(first: number, count: number): Range;
  /** What is left to do once they are. */
  finish(first: number, count: number): void;
}

/** Plans the place of the gradient to `name`, in passes of `step` rows of `width` numbers; publishes it. */
export function gradientStore(
  builder: ProgramBuilder,
  request: Request,
  name: string | undefined,
  shape: readonly number[],
  { rows, step, width }: { rows: number; step: number; width: number },
): GradientStore | undefined {
  const place = name && request.gradients[name];
  if (!name || !place) return undefined;
  const inPlace = place === "inPlace";
  const held = inPlace ? Math.min(step, rows) : rows;
  const buffer = builder.buffer(`${name}Gradient`, held * width * 4);
  if (!inPlace) {
    builder.result(`gradients.${name}`, buffer, shape);
    const at = (first: number, count: number): Range => slice(buffer, first * width, count * width);
    return { at, finish: () => {} };
  }
  const input = inputRange(request.get(name));
  const storage = storageOf(request, name);
  builder.result(`gradients.${name}`, input, shape, gpuDType(request.get(name).dtype));
  return {
    at: (_, count) => slice(buffer, 0, count * width),
    finish: (first, count) => {
      const part = slice(input, first * width, count * width);
      planPack(builder, slice(buffer, 0, count * width), part, storage, count * width);
    },
  };
}
