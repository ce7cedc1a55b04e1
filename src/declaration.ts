import type { ReductionName } from "./reduction.js";
import type { TensorLike } from "./tensor.js";

/** `wrt`: gradients flow to it; `asked`: only when `gradients` names it; `data`: never; `labels`: whole numbers. */
export type InputRole = "wrt" | "asked" | "data" | "labels";

export interface NumberOption {
  readonly default: number;
  readonly above?: number;
  readonly min?: number;
  readonly max?: number;
  readonly below?: number;
  readonly integer?: boolean;
  /** A plan keeps it, as it decides the kernels; "atZero": while it is 0, which switches something off. */
  readonly fixed?: "always" | "atZero";
  /** Infinity is allowed too. */
  readonly infinite?: boolean;
  readonly doc: string;
}
export interface ChoiceOption {
  readonly default: string;
  readonly values: readonly string[];
  readonly doc: string;
}
export interface FlagOption {
  readonly default: boolean;
  readonly doc: string;
}
/** A tensor, or with `default` also a plain number; `role` says whether gradients flow to it. */
export interface TensorOption {
  readonly tensor: string;
  readonly role?: InputRole;
  readonly default?: number | null;
  /** null may be given too, and means without it. */
  readonly nullable?: true;
  readonly above?: number;
  readonly min?: number;
  readonly max?: number;
  readonly doc: string;
}
export type OptionSpec = NumberOption | ChoiceOption | FlagOption | TensorOption;
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

export type OptionValue<O> = O extends { tensor: string }
  ? TensorLike | (O extends { default: null } | { nullable: true } ? null : never)
  : O extends { values: readonly (infer V)[] }
    ? V
    : O extends { default: boolean }
      ? boolean
      : number;
export type OptionsOf<O extends OptionSpecs> = { readonly [K in keyof O]?: OptionValue<O[K]> };

/** What a call of a loss may be given, and what it gives back. */
export interface Declaration {
  readonly name: string;
  readonly inputs: Readonly<Record<string, InputRole>>;
  readonly options: OptionSpecs;
  /** The reductions it knows, its default first; without this all of them, "mean" first. */
  readonly reductions?: readonly ReductionName[];
  /** "output" where the function is no loss: nothing is reduced, and its values have that name in the result. */
  readonly result?: "output";
  /** Further results by name, with what they are. */
  readonly outputs?: Readonly<Record<string, string>>;
}
