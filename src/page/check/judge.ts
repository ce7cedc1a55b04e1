import { type AnyLoss, type Backend, type Tensor, tensor } from "../../index.js";
import { verify, type Worst } from "../../verify.js";
import type { Session } from "../parts/session.js";
import type { Check } from "./cases.js";
import { Random } from "./random.js";

/** What came of one check. */
export interface Verdict {
  readonly check: Check;
  readonly worst: Worst | undefined;
  readonly got: number;
  readonly expected: number;
  readonly error: string | undefined;
  readonly ok: boolean;
}

/** A function that is no loss gets a factor per output: with ones the gradients of a softmax would be zero. */
async function addUpstream(
  loss: AnyLoss,
  inputs: readonly unknown[],
  options: Record<string, unknown>,
  reference: Backend,
): Promise<void> {
  const result = await loss(...([...inputs, { backend: reference }] as never[]));
  const { shape, size } = (result as unknown as { output: Tensor }).output;
  const random = new Random(loss.spec.name);
  options.upstream = tensor(
    Float32Array.from({ length: size }, () => random.normal(1)),
    shape,
  );
}

/** Runs a check on the device and in float64. */
export async function judge(
  loss: AnyLoss,
  check: Check,
  { backend, reference }: Session,
): Promise<Verdict> {
  try {
    const { inputs, options } = check.make();
    if (loss.spec.result) await addUpstream(loss, inputs, options, reference);
    const { ok, worst, got, expected } = await verify(loss, inputs, options, backend, reference);
    const value = loss.spec.result ?? "loss";
    return {
      check,
      worst: worst[0],
      got: got[value]?.[0] ?? Number.NaN,
      expected: expected[value]?.[0] ?? Number.NaN,
      error: undefined,
      ok,
    };
  } catch (error) {
    return {
      check,
      worst: undefined,
      got: Number.NaN,
      expected: Number.NaN,
      error: String(error),
      ok: false,
    };
  }
}
