import type { InputRole, LossSpec, OptionSpecs } from "../spec.js";

/** What a loss of any family says of itself; its family adds the two paths and the checks. */
export interface Definition<I extends Readonly<Record<string, InputRole>>, O extends OptionSpecs>
  extends Pick<LossSpec, "name" | "aka" | "summary" | "formula" | "reference" | "cases" | "kinks"> {
  readonly inputs: I;
  readonly options: O;
}
