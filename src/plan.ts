import type { DType } from "./dtype.js";

/** How a workgroup is laid over rows: `lanes` share a row, `rows` share a workgroup. */
export interface RowShape {
  readonly lanes: number;
  readonly rows: number;
}

/** The same for cross-entropy, whose rows can be shared and lanes be joined in more ways. */
export interface CrossEntropyShape extends RowShape {
  /** Few classes: a lane takes four rows. */
  readonly few: boolean;
  /** Parts of a row, each of which has a workgroup; `rows` is 1 where there are several. */
  readonly parts: number;
  /** Its lanes are joined by subgroups, else by a tree in workgroup memory. */
  readonly subgroups: boolean;
  /** Logits are read four at a time where a binding allows it; what is no class is masked, not left out. */
  readonly quads: boolean;
}

/** What a planner may know about the device. Pure data, so that planning is tested without one. */
export interface Target {
  /** A software adapter (SwiftShader, llvmpipe): barriers are dear, lanes are few. */
  readonly software: boolean;
  readonly features: ReadonlySet<string>;
  readonly maxBinding: number;
  readonly maxInvocations: number;
  /** How cross-entropy lays its workgroups, whatever its table says: for tests and for tuning. */
  readonly shape?: CrossEntropyShape;
  /** Storage bindings must begin at a multiple of this many bytes. */
  readonly alignment: number;
}

/** A module to be: header constants, the uniform struct and WGSL parts, all joined by concatenation. */
export interface Kernel {
  readonly label: string;
  readonly parts: readonly string[];
  readonly constants: Readonly<Record<string, number | boolean>>;
  readonly params: Readonly<Record<string, "u32" | "i32" | "f32">>;
}

/** A part of a named buffer. `unit` is the bytes of one element: an unaligned start is handed to the kernel in units. */
export interface Range {
  readonly buffer: string;
  readonly offset: number;
  readonly bytes: number;
  readonly unit: number;
}

/**
 * One dispatch. A param is a number, or the name of a number option that `plan.run` may change. The backend fills
 * `gridWidth`, and for a binding `x` the param `xStart`: elements between the aligned address that it binds and the data.
 */
export interface Pass {
  readonly kernel: Kernel;
  readonly bindings: Readonly<Record<string, Range>>;
  readonly params: Readonly<Record<string, number | string>>;
  readonly workgroups: number;
  /** Bytes of tensors that it reads and writes: what slicing and progress go by. */
  readonly work: number;
}

/** Where a result lies. */
export interface View {
  readonly buffer: string;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** All that one call does on the GPU: buffers, passes in order, and where the results are. */
export interface Program {
  readonly label: string;
  readonly buffers: Readonly<Record<string, number>>;
  readonly passes: readonly Pass[];
  /** Results by path: "loss", "gradients.logits", "logSumExp". */
  readonly views: Readonly<Record<string, View>>;
  /** The status words: denominator, rows that count (f32), labels out of range, losses not finite (u32), degenerate rows. */
  readonly status: Range | undefined;
  /** Says in words what a non-zero count of labels out of range means; absent where labels cannot be wrong. */
  readonly labelRule?: string;
}

/** Words of the status block, in order. */
export const statusWords = [
  "denominator",
  "count",
  "outOfRange",
  "nonFinite",
  "degenerate",
] as const;
export const statusBytes = 4 * statusWords.length;

/** A kernel's workgroup grid: one axis until its limit, then two. */
export function gridOf(workgroups: number, limit = 65535): readonly [number, number] {
  const width = Math.min(Math.max(workgroups, 1), limit);
  return [width, Math.ceil(Math.max(workgroups, 1) / width)];
}

/** Collects the buffers, passes and results of a program. */
export class ProgramBuilder {
  readonly label: string;
  readonly #buffers: Record<string, number> = {};
  readonly #passes: Pass[] = [];
  readonly #views: Record<string, View> = {};
  #status: Range | undefined;
  #labelRule: string | undefined;
  constructor(label: string) {
    this.label = label;
  }

  /** A new buffer of `bytes`, as a range over all of it. */
  buffer(name: string, bytes: number, unit = 4): Range {
    this.#buffers[name] = Math.max(bytes, 4);
    return { buffer: name, offset: 0, bytes: Math.max(bytes, 4), unit };
  }

  pass(pass: Pass): void {
    if (pass.workgroups > 0) this.#passes.push(pass);
  }

  /** Publishes a result that lies at `range`. */
  result(path: string, range: Range, shape: readonly number[], dtype: DType = "f32"): void {
    this.#views[path] = { buffer: range.buffer, offset: range.offset, shape, dtype };
  }

  status(range: Range, labelRule?: string): void {
    this.#status = range;
    this.#labelRule = labelRule;
  }

  build(): Program {
    const program = {
      label: this.label,
      buffers: this.#buffers,
      passes: this.#passes,
      views: this.#views,
      status: this.#status,
    };
    return this.#labelRule ? { ...program, labelRule: this.#labelRule } : program;
  }
}

/** `count` elements of a range, from the element `start`. */
export function slice(range: Range, start: number, count: number): Range {
  const { buffer, offset, unit } = range;
  return { buffer, offset: offset + start * unit, bytes: Math.max(count * unit, 4), unit };
}
