import { defineLoss, type FunctionOf } from "../define.js";
import type { Request } from "../request.js";
import type { InputRole, LossSpec, OptionSpecs } from "../spec.js";
import type { Definition } from "./definition.js";
import { type RowGeometry, rowGeometry, settingsOf } from "./rowShape.js";

/**
 * What a row holds: scores for a softmax, log-probabilities, probabilities, numbers taken as they are, or scores that
 * are compared with the label's own.
 */
export type RowForm = "logits" | "logProbs" | "probs" | "plain" | "margin";

/** What stands against it: a row of the second input, 1 on all classes but the label, the label's row of a table. */
export type Against = Exclude<RowForm, "margin"> | "others" | "table" | "nothing";

/** The values of a loss's number, word and flag options, as its hook reads them. */
export type Settings<O extends OptionSpecs = OptionSpecs> = {
  readonly [K in keyof O]: O[K] extends { values: readonly (infer V)[] }
    ? V
    : O[K] extends { default: boolean }
      ? boolean
      : number;
};

/**
 * What a hook's slope is taken by: the log of the probability, or the probability, where nearly equal slopes then lose
 * nothing in the softmax's chain rule. Numbers that are "plain" or a "margin" have slopes by themselves, "log".
 */
export type SlopeBy = "log" | "probability";

/**
 * One class of a row: its value, and its slopes on the first side and on the second. Where a softmax follows, all slopes
 * by the probability may lack the same constant: the chain rule takes that away again.
 */
export type Cell = readonly [value: number, slope: number, slopeAgainst: number];

/** `ratio` is log(p/q); on the GPU it is more exact than the difference of the two logarithms. */
export type CellHook<O extends OptionSpecs> = (
  p: number,
  logP: number,
  q: number,
  logQ: number,
  ratio: number,
  settings: Settings<O>,
) => Cell;

/** Everything that is known about a loss which is a sum over the classes of a row. */
export interface RowDefinition<I extends Readonly<Record<string, InputRole>>, O extends OptionSpecs>
  extends Definition<I, O> {
  forms(settings: Settings<O>): readonly [RowForm, Against];
  /** "log" on both sides without this. */
  slopesBy?(settings: Settings<O>): readonly [SlopeBy, SlopeBy];
  readonly cell: CellHook<O>;
  /** The same in WGSL: `fn cell(p: f32, logP: f32, q: f32, logQ: f32, ratio: f32) -> Cell`. */
  readonly wgsl: string;
  /** The option whose entry for the label multiplies the row. */
  readonly labelFactor?: string;
  /** The option whose entries multiply the classes. */
  readonly classFactor?: string;
  /** The option that says which items there are: the others have no part in their row. */
  readonly itemMask?: string;
  /** The option with the table of (classes, classes). */
  readonly table?: string;
  /** The row is the mean over its classes, not their sum. */
  readonly classMean?: true;
}

/** What the two paths need to know about a loss; the hooks' option types do not matter to them. */
export interface RowLoss
  extends Omit<
    RowDefinition<Readonly<Record<string, InputRole>>, OptionSpecs>,
    "forms" | "slopesBy" | "cell"
  > {
  forms(settings: Readonly<Record<string, unknown>>): readonly [RowForm, Against];
  slopesBy?(settings: Readonly<Record<string, unknown>>): readonly [SlopeBy, SlopeBy];
  cell(
    p: number,
    logP: number,
    q: number,
    logQ: number,
    ratio: number,
    settings: Readonly<Record<string, unknown>>,
  ): Cell;
}

/** A row loss with one call's words and sizes settled. */
export interface RowProblem extends RowGeometry {
  readonly loss: RowLoss;
  /** Input names: the scores, what stands against them (where it is a tensor), and the labels. */
  readonly first: string;
  readonly second: string | undefined;
  readonly labels: string | undefined;
  readonly form: RowForm;
  readonly against: Against;
  readonly by: SlopeBy;
  readonly byAgainst: SlopeBy;
}

function check(loss: RowLoss, request: Request): RowProblem {
  const [first, other] = Object.keys(loss.inputs) as [string, string | undefined];
  const settings = settingsOf(request);
  const [form, against] = loss.forms(settings);
  const [by, byAgainst] = loss.slopesBy?.(settings) ?? ["log", "log"];
  const labels = other && loss.inputs[other] === "labels" ? other : undefined;
  const second = labels ? undefined : other;
  const alike = [second, loss.itemMask].filter((name) => name !== undefined);
  const geometry = rowGeometry(request, first, alike, labels);
  if (second) request.expectFloat(second);
  for (const name of [loss.labelFactor, loss.classFactor]) {
    if (!name) continue;
    request.expectShape(name, [geometry.classes], "(one for each class)");
    request.expectFloat(name);
  }
  if (loss.table) {
    const { classes } = geometry;
    request.get(loss.table);
    request.expectShape(loss.table, [classes, classes], "(classes, classes)");
    request.expectFloat(loss.table);
  }
  return { ...geometry, loss, first, second, labels, form, against, by, byAgainst };
}

/** Makes a loss that is a sum over the classes of a row: L = Σ cell(p_c, q_c). */
export function row<
  const I extends Readonly<Record<string, InputRole>>,
  const O extends OptionSpecs,
>(definition: RowDefinition<I, O>): FunctionOf<{ inputs: I; options: O }> {
  const loss = definition as unknown as RowLoss;
  return defineLoss({
    ...loss,
    family: "row",
    check: (request: Request) => check(loss, request),
    cpu: async () => (await import("../cpu/row.js")).rowCpu,
    gpu: async () => (await import("../gpu/row.js")).planRow,
  } as LossSpec) as unknown as FunctionOf<{ inputs: I; options: O }>;
}
