import { defineLoss, type FunctionOf } from "../define.js";
import type { Request } from "../request.js";
import type { InputRole, LossSpec, OptionSpecs } from "../spec.js";
import type { Definition } from "./definition.js";
import type { Settings } from "./row.js";
import { type RowGeometry, rowGeometry } from "./rowShape.js";

/**
 * The loss of one row from the log-probability of its label and that of all other classes together. The slope is by
 * the label's own logit, dL/dlog p · (1 - p): it stays finite where dL/dlog p does not (focal, gamma below 1). Where
 * the rows hold log-probabilities already it is by the label's own.
 */
export type LabelHook<O extends OptionSpecs> = (
  logP: number,
  logMiss: number,
  settings: Settings<O>,
) => readonly [value: number, slope: number];

/** Everything that is known about a loss of the label's probability alone. */
export interface RowLabelDefinition<
  I extends Readonly<Record<string, InputRole>>,
  O extends OptionSpecs,
> extends Definition<I, O> {
  /** Whether the rows hold logits, or log-probabilities of which only the label's is read. */
  readonly form: "logits" | "logProbs";
  readonly label: LabelHook<O>;
  /** The same in WGSL: `fn label(logP: f32, logMiss: f32) -> Dual`. */
  readonly wgsl: string;
  /** The option, a tensor or a number, whose entry for the label multiplies the row. */
  readonly labelFactor?: string;
  /** That entry is also what the row brings to the mean's denominator. */
  readonly labelCounts?: true;
}

/** What the two paths need to know about a loss; the hooks' option types do not matter to them. */
export interface RowLabelLoss
  extends Omit<RowLabelDefinition<Readonly<Record<string, InputRole>>, OptionSpecs>, "label"> {
  label(
    logP: number,
    logMiss: number,
    settings: Readonly<Record<string, unknown>>,
  ): readonly [number, number];
}

export interface RowLabelProblem extends RowGeometry {
  readonly loss: RowLabelLoss;
  /** Input names. */
  readonly first: string;
  readonly labels: string;
}

function check(loss: RowLabelLoss, request: Request): RowLabelProblem {
  const [first, labels] = Object.keys(loss.inputs) as [string, string];
  const geometry = rowGeometry(request, first, [], labels);
  if (loss.labelFactor) {
    request.expectShape(loss.labelFactor, [geometry.classes], "(one for each class)");
    request.expectFloat(loss.labelFactor);
  }
  return { ...geometry, loss, first, labels };
}

/** Makes a loss of the label's probability: L = label(log p_y, log (1 - p_y)). */
export function rowLabel<
  const I extends Readonly<Record<string, InputRole>>,
  const O extends OptionSpecs,
>(definition: RowLabelDefinition<I, O>): FunctionOf<{ inputs: I; options: O }> {
  const loss = definition as unknown as RowLabelLoss;
  return defineLoss({
    ...loss,
    family: "row",
    check: (request: Request) => check(loss, request),
    cpu: async () => (await import("../cpu/rowLabel.js")).rowLabelCpu,
    gpu: async () => (await import("../gpu/rowLabel.js")).planRowLabel,
  } as LossSpec) as unknown as FunctionOf<{ inputs: I; options: O }>;
}
