import { defineLoss, type FunctionOf } from "../define.js";
import { fail } from "../errors.js";
import type { Request } from "../request.js";
import type { InputRole, LossSpec, OptionSpecs } from "../spec.js";
import { sizeOf } from "../tensor.js";
import type { Definition } from "./definition.js";
import { settingsOf } from "./rowShape.js";

/** Up to three sums over the elements of a sample. */
export type Sums = readonly [first: number, second: number, third: number];
export type Settings = Readonly<Record<string, number | string | boolean>>;

/** Two inputs of one shape, the sums over their elements, and what those make of a sample. */
export interface Part {
  readonly inputs: readonly [string, string];
  /** The output that shows the first sum. */
  readonly output?: string;
  /** The slopes depend on the sums: a number that is not finite spoils the gradients of its whole sample. */
  readonly needsSums: boolean;
  /** What an element adds to the sums. Never sees NaN or infinity: they make the loss NaN. */
  readonly terms: (x: number, y: number, settings: Settings) => Sums;
  /** The value of a sample, and its slopes by the sums. */
  readonly outcome: (sums: Sums, settings: Settings) => readonly [value: number, by: Sums];
  /** The slopes by an element of either input, given those by the sums. */
  readonly slopes: (
    x: number,
    y: number,
    by: Sums,
    settings: Settings,
  ) => readonly [byX: number, byY: number];
  /**
   * The same in WGSL: `fn terms(x: f32, y: f32) -> vec3f`, `fn outcome(sums: vec3f) -> Outcome` and
   * `fn slopes(x: f32, y: f32, by: vec3f) -> vec2f`; number options are `params.name`.
   */
  readonly wgsl: string;
}

/** Everything that is known about a loss which sees a sample only through sums over its elements. */
export interface SamplesDefinition<
  I extends Readonly<Record<string, InputRole>>,
  O extends OptionSpecs,
  P extends Readonly<Record<string, string>>,
> extends Definition<I, O> {
  readonly family: string;
  readonly outputs?: P;
  /** The parts whose values add up to the loss of a sample. */
  readonly parts: (settings: Settings) => readonly Part[];
}

/** A part with its sizes: each sample has `length` elements in it. */
export interface SizedPart extends Part {
  readonly shape: readonly number[];
  readonly length: number;
}
export interface SampleGeometry {
  readonly samples: number;
  readonly parts: readonly SizedPart[];
}

/** The shape of a part's inputs; a flat array takes that of its partner. */
function shapeOfPart(request: Request, { inputs }: Part): readonly number[] {
  const [first, second] = inputs;
  const shape = request.get(first).shape ?? request.get(second).shape;
  if (shape && shape.length > 0) return shape;
  const got = shape ? "is one number" : `has ${request.get(first).size} elements`;
  return fail(
    "SHAPE_MISMATCH",
    `${request.where(first)} ${got}, expected samples along the first axis; use tensor(${first}, [samples, …])`,
  );
}

function check(parts: readonly Part[], request: Request): SampleGeometry {
  const sized = parts.map((part) => {
    const shape = shapeOfPart(request, part);
    const [first, second] = part.inputs;
    request.expectShape(first, shape, `like ${second}`);
    request.expectShape(second, shape, `like ${first}`);
    for (const name of part.inputs) request.expectFloat(name);
    return { ...part, shape, length: sizeOf(shape.slice(1)) };
  });
  const samples = sized[0]?.shape[0] as number;
  for (const { shape, inputs } of sized) {
    if (shape[0] === samples) continue;
    fail(
      "SHAPE_MISMATCH",
      `${request.where(inputs[0])} has ${shape[0]} samples, ${sized[0]?.inputs[0]} has ${samples}`,
    );
  }
  request.expectCommon([samples]);
  return { samples, parts: sized };
}

/** Makes a loss of sums over each sample (all axes but the first): L = Σ outcome(Σ terms(x, y)). */
export function samples<
  const I extends Readonly<Record<string, InputRole>>,
  const O extends OptionSpecs,
  const P extends Readonly<Record<string, string>> = Record<never, string>,
>(definition: SamplesDefinition<I, O, P>): FunctionOf<{ inputs: I; options: O; outputs: P }> {
  const { parts, ...known } = definition;
  return defineLoss({
    ...known,
    check: (request: Request) => check(parts(settingsOf(request)), request),
    cpu: async () => (await import("../cpu/samples.js")).samplesCpu,
    gpu: async () => (await import("../gpu/samples.js")).planSamples,
  } as LossSpec<SampleGeometry> as LossSpec) as unknown as FunctionOf<{
    inputs: I;
    options: O;
    outputs: P;
  }>;
}
