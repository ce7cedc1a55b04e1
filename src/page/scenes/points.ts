import type { AnyLoss } from "../../index.js";
import { compareNumbers, type Worst } from "../../verify.js";
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
  const all = new Map<string, { got: number[]; expected: number[] }>();
  for (const x of xs) {
    const asked = { ...options, gradients: [axis.input] };
    const { got, expected, worst } = await run(loss, inputsAt(x), asked);
    lists.ys.push(total(pick(got, value)));
    lists.slopes.push(slopeAt(pick(got, path), x));
    if (!worst) continue;
    lists.referenceYs.push(total(pick(expected, value)));
    lists.referenceSlopes.push(slopeAt(pick(expected, path), x));
    for (const name of [value, path]) {
      const known = all.get(name) ?? { got: [], expected: [] };
      all.set(name, known);
      known.got.push(...Array.from(pick(got, name)));
      known.expected.push(...Array.from(pick(expected, name)));
    }
  }
  // Where the curve is flat its gradient is the rest of what cancelled: it is judged by the curve's own scale.
  const worst = [...all]
    .map(([name, { got, expected }]) => compareNumbers(name, got, expected))
    .reduce<Worst | undefined>(worse, undefined);
  if (worst) return { xs, ...lists, worst };
  const { ys, slopes } = lists;
  return { xs, ys, slopes, referenceYs: undefined, referenceSlopes: undefined, worst };
}

/** The values of a function that is no loss stand for their sum, which is what its gradient is of. */
function total(list: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < list.length; i++) sum += list[i] as number;
  return sum;
}
