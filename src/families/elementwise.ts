import { defineLoss, type FunctionOf } from "../define.js";
import type { Target } from "../plan.js";
import type { Request } from "../request.js";
import type { InputRole, LossSpec, OptionSpecs } from "../spec.js";
import type { Definition } from "./definition.js";
import { type Arrangement, arrange } from "./operands.js";

type Inputs = Readonly<Record<string, InputRole>>;

type TensorNames<O> = { [K in keyof O]: O[K] extends { tensor: string } ? K : never }[keyof O];
type LastOf<U> = (U extends unknown ? (x: () => U) => void : never) extends (x: infer I) => void
  ? I extends () => infer L
    ? L
    : never
  : never;
/** As many numbers as there are names. */
type Numbers<U, Found extends number[] = []> = [U] extends [never]
  ? Found
  : Numbers<Exclude<U, LastOf<U>>, [...Found, number]>;

/** The values of a loss's number, word and flag options, as its hook reads them. */
export type Settings<O> = {
  readonly [K in Exclude<keyof O, TensorNames<O>>]: O[K] extends { values: readonly (infer V)[] }
    ? V
    : O[K] extends { default: boolean }
      ? boolean
      : number;
};

/** The loss of one element, and its slope with respect to each operand that a gradient flows to, in their order. */
export type Dual = readonly [value: number, ...slopes: number[]];

/** Everything that is known about a loss whose elements do not see each other. */
export interface ElementwiseDefinition<I extends Inputs, O extends OptionSpecs>
  extends Definition<I, O> {
  /** One to four tensors, together with the tensors among the options. */
  readonly inputs: I;
  readonly reductions?: LossSpec["reductions"];
  /** One element in float64: the inputs, then the options that may be tensors, then all other options. Never sees NaN. */
  readonly cpu: (
    ...args: [...Numbers<keyof I>, ...Numbers<TensorNames<O>>, settings: Settings<O>]
  ) => Dual;
  /**
   * The same in WGSL: `fn loss(…) -> Dual`, `Dual2` … by the number of slopes. Number options are `params.name`, words
   * and flags the constants NAME (a word by its place in the list). Never sees NaN or infinity.
   */
  readonly wgsl: string;
  /** Operands that may be infinite, one at a time: the formula has a limit there. Any other infinity gives NaN. */
  readonly limits?: readonly (keyof I & string)[];
  /** The slopes at NaN: NaN, or 0 as PyTorch's L1 loss has it. The value is NaN in any case. */
  readonly atNaN?: "zero";
  /** Shapes of inputs that are stretched whether or not `broadcast` is set. */
  readonly stretch?: (request: Request) => Readonly<Record<string, readonly number[]>>;
  /** Checks of the loss's own, on what the host can see. */
  readonly check?: (request: Request, arrangement: Arrangement) => void;
}

/** What the two paths need to know about a loss; the hook's own types do not matter to them. */
export interface ElementwiseLoss extends Omit<ElementwiseDefinition<Inputs, OptionSpecs>, "cpu"> {
  cpu(...args: readonly unknown[]): Dual;
}

const broadcast = {
  default: false,
  doc: "Stretches smaller inputs to the largest one's shape by NumPy's rules; their gradients are summed.",
} as const;

type ElementwiseFunction<I extends Inputs, O extends OptionSpecs> = FunctionOf<{
  inputs: I;
  options: O & { broadcast: typeof broadcast };
}>;

/** Makes a loss that treats every element alone: L = Σ loss(x, y, …). */
export function elementwise<const I extends Inputs, const O extends OptionSpecs>(
  definition: ElementwiseDefinition<I, O>,
): ElementwiseFunction<I, O> {
  const loss = definition as unknown as ElementwiseLoss;
  return defineLoss({
    ...loss,
    family: "elementwise",
    options: { ...loss.options, broadcast },
    check(request: Request) {
      const arrangement = arrange(request, loss.stretch?.(request));
      loss.check?.(request, arrangement);
      return arrangement;
    },
    cpu: async () => {
      const { elementwiseCpu } = await import("../cpu/elementwise.js");
      return (request: Request, arrangement: Arrangement) =>
        elementwiseCpu(loss, request, arrangement);
    },
    gpu: async () => {
      const { planElementwise } = await import("../gpu/elementwise.js");
      return (request: Request, arrangement: Arrangement, on: Target) =>
        planElementwise(loss, request, arrangement, on);
    },
  } as unknown as LossSpec) as unknown as ElementwiseFunction<I, O>;
}
