import { type Argument, plannedArgument, toArgument } from "./argument.js";
import type { Declaration, InputRole } from "./declaration.js";
import { describe, fail } from "./errors.js";
import { checkNames, checkOption } from "./options.js";
import { checkReduction, type ReductionName } from "./reduction.js";

/** Where a gradient is written: a buffer of its own, or over the input. */
export type GradientPlace = "new" | "inPlace";

/** Tensors that every loss takes beside its own, by option name. */
const commonTensors = ["mask", "sampleWeight", "upstream"] as const;

const shapeIn = (planned: unknown): readonly number[] | undefined =>
  (Array.isArray(planned) ? planned : (planned as { shape?: number[] } | null)?.shape) ?? undefined;

const everywhere = ["gradients", "outputs", "backend", "signal", "onProgress", "upstream"];

/** Options that a function takes beside its own. */
const commonOptions = ({ result }: Declaration): readonly string[] =>
  result === "output"
    ? everywhere
    : ["reduction", "emptyMean", "mask", "sampleWeight", ...everywhere];

/** A call or a plan after parsing: typed, named and range-checked, but shapes not yet compared. */
export class Request {
  readonly spec: Declaration;
  readonly numbers: Record<string, number> = {};
  readonly choices: Record<string, string | boolean> = {};
  readonly tensors: Record<string, Argument> = {};
  readonly gradients: Record<string, GradientPlace> = {};
  readonly outputs: ReadonlySet<string>;
  readonly reduction: ReductionName | "denominator";
  readonly emptyMean: "nan" | "zero";

  /** `values` are the inputs: data in a call, shapes where `planned`. */
  constructor(
    spec: Declaration,
    values: Readonly<Record<string, unknown>>,
    options: Readonly<Record<string, unknown>>,
    planned: boolean,
  ) {
    this.spec = spec;
    checkNames(spec.name, options, [...Object.keys(spec.options), ...commonOptions(spec)]);
    this.#inputs(values, planned);
    this.#options(options);
    const reduction = checkReduction(spec.name, options.reduction, spec.reductions);
    this.reduction = reduction.name;
    if (typeof reduction.denominator === "number") {
      this.numbers.denominator = reduction.denominator;
    } else if (reduction.denominator !== undefined) {
      this.#tensor("denominator", reduction.denominator);
    }
    this.emptyMean = this.#emptyMean(options.emptyMean);
    this.outputs = this.#outputs(options.outputs);
    this.#gradients(options.gradients);
  }

  /** The message prefix of one argument: "crossEntropy: targets". */
  where(name: string): string {
    return `${this.spec.name}: ${name}`;
  }

  /** The argument of that name; a positional input is always there. */
  get(name: string): Argument {
    return this.tensors[name] ?? fail("SHAPE_MISMATCH", `${this.where(name)} is missing`);
  }

  number(name: string): number {
    return this.numbers[name] as number;
  }

  /** Fails unless the argument has `shape`, or is a flat array of that size. */
  expectShape(name: string, shape: readonly number[], because: string): void {
    const argument = this.tensors[name];
    if (!argument || argument.fits(shape)) return;
    const got = argument.shape ? `shape [${argument.shape}]` : `${argument.size} elements`;
    fail("SHAPE_MISMATCH", `${this.where(name)} has ${got}, expected [${shape}] ${because}`);
  }

  expectFloat(name: string): void {
    const argument = this.tensors[name];
    if (!argument || argument.isFloat()) return;
    fail("DTYPE", `${this.where(name)} has dtype ${argument.dtype}, expected floating point`);
  }

  /** Checks the tensors that every loss takes, against the losses' shape and that of the results. */
  expectCommon(lossShape: readonly number[], resultShape = lossShape): void {
    for (const name of commonTensors) {
      const argument = this.tensors[name];
      const scalar = name === "upstream" && argument?.size === 1;
      const shape = name === "upstream" ? resultShape : lossShape;
      const alike = shape === lossShape ? "like the losses" : "like the result";
      if (!scalar) this.expectShape(name, shape, alike);
      if (name !== "mask") this.expectFloat(name);
    }
    this.expectShape("denominator", [], "(one number)");
    this.expectFloat("denominator");
  }

  #tensor(name: string, value: unknown): void {
    this.tensors[name] = toArgument(value, name, this.where(name));
  }

  #inputs(values: Readonly<Record<string, unknown>>, planned: boolean): void {
    const inputs = Object.entries(this.spec.inputs);
    if (planned) {
      const optional = [...Object.keys(this.spec.options), ...commonTensors, "denominator"];
      checkNames(this.spec.name, values, [...Object.keys(this.spec.inputs), ...optional], "input");
      const first = shapeIn(values[inputs[0]?.[0] as string])?.join();
      for (const [name, value] of Object.entries(values)) {
        const role = this.spec.inputs[name];
        // Targets that are not shaped like the first input are class numbers.
        const isLabel = role === "labels" || (role === "asked" && first !== shapeIn(value)?.join());
        this.tensors[name] = plannedArgument(
          value,
          name,
          this.where(name),
          isLabel ? "i32" : "f32",
        );
      }
      for (const [name] of inputs) this.get(name);
      return;
    }
    for (const [name] of inputs) this.#tensor(name, values[name]);
  }

  #options(options: Readonly<Record<string, unknown>>): void {
    for (const [name, spec] of Object.entries(this.spec.options)) {
      if (this.tensors[name]) continue;
      const value = checkOption(this.where(name), options[name], spec);
      if (!value) continue;
      if ("number" in value) this.numbers[name] = value.number;
      else if ("choice" in value) this.choices[name] = value.choice;
      else this.#tensor(name, value.tensor);
    }
    for (const name of commonTensors) {
      const value = options[name];
      if (value === undefined || value === null || this.tensors[name]) continue;
      if (name === "upstream" && typeof value === "number") {
        if (!Number.isFinite(Math.fround(value))) {
          fail("OPTION", `${this.where(name)} must be finite, got ${value}`);
        }
        this.numbers.upstream = value;
      } else {
        this.#tensor(name, value);
      }
    }
    this.numbers.upstream ??= 1;
  }

  #emptyMean(value: unknown): "nan" | "zero" {
    if (value === undefined || value === "nan") return "nan";
    if (value === "zero") return "zero";
    return fail(
      "OPTION",
      `${this.where("emptyMean")} must be "nan" or "zero", got ${describe(value)}`,
    );
  }

  #outputs(value: unknown): ReadonlySet<string> {
    const known = Object.keys(this.spec.outputs ?? {});
    if (value === undefined) return new Set();
    if (!Array.isArray(value)) {
      fail("OPTION", `${this.where("outputs")} must be a list, got ${describe(value)}`);
    }
    for (const name of value) {
      if (known.includes(name)) continue;
      fail(
        "OPTION",
        `${this.where("outputs")} knows ${known.join(", ") || "no names"}; got ${describe(name)}`,
      );
    }
    return new Set(value);
  }

  #role(name: string): InputRole | undefined {
    const option = this.spec.options[name];
    return this.spec.inputs[name] ?? (option && "tensor" in option ? option.role : undefined);
  }

  #gradients(value: unknown): void {
    if (value === undefined || value === false || value === null) return;
    const able = Object.entries(this.tensors).flatMap(([name, argument]) => {
      const role = this.#role(name);
      return (role === "wrt" || role === "asked") && argument.isFloat() ? [name] : [];
    });
    if (value === true) {
      for (const name of able) {
        if (this.#role(name) === "wrt") this.gradients[name] = "new";
      }
      return;
    }
    const wanted = Array.isArray(value)
      ? Array.from(value, (name) => [name, true])
      : Object.entries(value);
    if (typeof value !== "object") {
      fail("OPTION", `${this.where("gradients")} must be true, a list of names or an object`);
    }
    for (const [name, place] of wanted as [string, unknown][]) {
      if (place === false) continue;
      if (!able.includes(name)) {
        fail(
          "OPTION",
          `${this.where("gradients")} can name ${able.join(", ")}; got ${describe(name)}`,
        );
      }
      if (place !== true && place !== "inPlace") {
        fail("OPTION", `${this.where("gradients")}.${name} must be true or "inPlace"`);
      }
      this.gradients[name] = place === true ? "new" : "inPlace";
    }
  }
}
