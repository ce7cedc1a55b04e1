import type { AnyLoss } from "../../index.js";
import type { Worst } from "../../verify.js";
import { pick, run, worse } from "../parts/run.js";
import { type Axis, type Curve, type Options, spaced } from "./types.js";

/** A curve whose points are calls of their own, because the loss makes one number of all its inputs. */
export async function pointwise(
  loss: AnyLoss,
  axis: Axis,
  options: Options,
  points: number,
  inputsAt: (x: number) => readonly unknown[],
  slopeAt: (gradient: ArrayLike<number>, x: number) => number,
): Promise<Curve> {
  const value = loss.spec.result ?? "loss";
  const path = `gradients.${axis.input}`;
  const xs = spaced(axis.min, axis.max, points);
  const lists = {
    ys: [] as number[],
    slopes: [] as number[],
    referenceYs: [] as number[],
    referenceSlopes: [] as number[],
  };
  let worst: Worst | undefined;
  for (const x of xs) {
    const {
      got,
      expected,
      worst: here,
    } = await run(loss, inputsAt(x), { ...options, gradients: [axis.input] });
    lists.ys.push(total(pick(got, value)));
    lists.slopes.push(slopeAt(pick(got, path), x));
    if (here) {
      lists.referenceYs.push(total(pick(expected, value)));
      lists.referenceSlopes.push(slopeAt(pick(expected, path), x));
    }
    worst = worse(worst, here);
  }
  if (worst) return { xs, ...lists, worst };
  return {
    ...{ xs, worst },
    ys: lists.ys,
    slopes: lists.slopes,
    referenceYs: undefined,
    referenceSlopes: undefined,
  };
}

/** The values of a function that is no loss stand for their sum, which is what its gradient is of. */
function total(list: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < list.length; i++) sum += list[i] as number;
  return sum;
}
