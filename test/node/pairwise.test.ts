import { describe, expect, test } from "vitest";
import { type LossResult, openBackend, type Tensor, tensor } from "../../src/index.js";
import { read } from "../against.js";
import { differenceError, f64 } from "../differences.js";
import { lossNamed } from "../oracle.js";
import { matrixLosses, type PairProblem, pairLosses, vectorsOf } from "../pairProblems.js";
import { fill, normalFrom } from "../random.js";

const backend = await openBackend({ kind: "cpu" });

type Named = Readonly<Record<string, unknown>>;
const call = (loss: string, inputs: Named, options: Named): Promise<LossResult> =>
  lossNamed(loss)(...([...Object.values(inputs), { ...options, backend }] as never[]));

async function valuesOf({ loss, inputs, options }: PairProblem, more: Named = {}) {
  const result = await call(loss, inputs, { reduction: "none", ...options, ...more });
  return (await result.loss.read()) as Float64Array;
}

describe("gradients in float64 are central differences of the values", () => {
  test.each(pairLosses)("$title", async ({ make }) => {
    const { loss, inputs, options, wrt } = make(vectorsOf(5, 3, 11));
    const wide: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(inputs)) {
      wide[name] = value.dtype === "f32" ? f64(numbersOf(value), value.shape) : value;
    }
    const learned = Object.entries(options).map(([name, value]) => [
      name,
      typeof value === "object" && wrt.includes(name)
        ? f64(numbersOf(value as Tensor), (value as Tensor).shape)
        : value,
    ]);
    const rows = new Float64Array(loss === "ntXent" || loss === "dcl" ? 10 : 5);
    const upstream = rows.map((_, row) => 0.5 + row / 4);
    const all = { ...Object.fromEntries(learned), reduction: "none" };
    for (const name of wrt) {
      const error = await differenceError(lossNamed(loss) as never, backend, name, {
        inputs: wide,
        options: { ...all, upstream: f64(upstream, [rows.length]) },
        valueOptions: all,
        factor: upstream,
      });
      expect(error, name).toBeLessThan(1e-7);
    }
  });
});

/** Host tensors hold their numbers already. */
function numbersOf(value: Tensor): ArrayLike<number> {
  const { storage } = value;
  if (storage.kind !== "host") throw new Error("a tensor on the CPU was expected");
  return storage.data as Float32Array;
}

/** Rows in another order. */
function permuted(given: Tensor, order: readonly number[]): Tensor {
  const [rows = 0, depth = 1] = given.shape;
  const data = numbersOf(given);
  const out = fill(rows * depth, (at) => {
    const from = (order[Math.floor(at / depth)] as number) * depth + (at % depth);
    return data[from] as number;
  });
  const isFloat = given.dtype === "f32";
  return isFloat ? tensor(out, given.shape) : tensor(out, given.shape, { dtype: "i32" });
}

/** Every row turned by the same random rotation: a product of reflections. */
function rotated(given: Tensor, seed: number): Tensor {
  const [rows = 0, depth = 1] = given.shape;
  const out = Float64Array.from(numbersOf(given));
  const normal = normalFrom(seed);
  for (let turn = 0; turn < 4; turn++) {
    const axis = fill(depth, normal);
    const square = axis.reduce((sum, x) => sum + x * x, 0);
    for (let row = 0; row < rows; row++) {
      const base = row * depth;
      let along = 0;
      for (let k = 0; k < depth; k++) along += (out[base + k] as number) * (axis[k] as number);
      for (let k = 0; k < depth; k++) {
        out[base + k] = (out[base + k] as number) - (2 * along * (axis[k] as number)) / square;
      }
    }
  }
  return tensor(out, given.shape);
}

const changed = (problem: PairProblem, change: (given: Tensor) => Tensor): PairProblem => ({
  ...problem,
  inputs: Object.fromEntries(
    Object.entries(problem.inputs).map(([name, given]) => [name, change(given)]),
  ),
});
const close = (got: ArrayLike<number>, want: ArrayLike<number>, digits = 10): void => {
  expect(got.length).toBe(want.length);
  for (let at = 0; at < want.length; at++) expect(got[at]).toBeCloseTo(want[at] as number, digits);
};

const isTurnable = ({ loss, options }: PairProblem): boolean =>
  loss !== "infoNCEScores" && options["distance"] !== "p" && options["eps"] === undefined;

describe("what does not matter does not change a loss:", () => {
  const turnable = pairLosses.filter(({ make }) => isTurnable(make(vectorsOf(6, 4, 1))));
  test.each(turnable)("a rotation of all vectors, $title", async ({ make }) => {
    const problem = make(vectorsOf(6, 4, 21));
    const turned = changed(problem, (given) =>
      given.shape.length === 2 ? rotated(given, 3) : given,
    );
    const { negatives } = problem.options;
    const options = negatives
      ? { ...problem.options, negatives: rotated(negatives as Tensor, 3) }
      : problem.options;
    close(await valuesOf({ ...turned, options }), await valuesOf(problem));
  });

  test.each(pairLosses)("the order of the rows, $title", async ({ make }) => {
    const problem = make(vectorsOf(6, 4, 22));
    const order = [3, 0, 5, 1, 4, 2];
    // A key belongs to a number of its own where targets say so: leave those problems their order.
    if (problem.options["targets"]) return;
    const want = await valuesOf(problem);
    const got = await valuesOf(changed(problem, (given) => permuted(given, order)));
    const views = want.length / order.length;
    const expected = fill(want.length, (at) => {
      const view = Math.floor(at / order.length);
      return want[view * order.length + (order[at % order.length] as number)] as number;
    });
    expect([1, 2]).toContain(views);
    close(got, expected);
  });

  test("the length of vectors that are compared by cosine", async () => {
    for (const { make } of matrixLosses) {
      const problem = make(vectorsOf(5, 4, 23));
      const { normalize, distance } = problem.options;
      if (normalize === false || (distance && distance !== "cosine")) continue;
      const scaled = changed(problem, (given) =>
        given.dtype === "f32"
          ? tensor(
              Float64Array.from(numbersOf(given), (x) => 1e5 * x),
              given.shape,
            )
          : given,
      );
      close(await valuesOf(scaled), await valuesOf(problem));
    }
  });

  test("which side is which, in the symmetric losses", async () => {
    const { a, b } = vectorsOf(7, 5, 24);
    for (const [loss, options] of [
      ["clip", { logitScale: 2 }],
      ["infoNCE", { symmetric: true, temperature: 0.2 }],
    ] as const) {
      const ahead = await call(loss, { a, b }, { ...options, reduction: "none" });
      const behind = await call(loss, { b, a }, { ...options, reduction: "none" });
      close(await read(ahead.loss), await read(behind.loss));
    }
  });

  test("a translation of all vectors, where distances are compared", async () => {
    for (const { make } of pairLosses) {
      const problem = make(vectorsOf(5, 4, 25));
      if (!["triplet", "tripletMining", "contrastive"].includes(problem.loss)) continue;
      if (problem.options["distance"] === "cosine") continue;
      const moved = changed(problem, (given) =>
        given.dtype === "f32" && given.shape.length === 2
          ? tensor(
              Float64Array.from(numbersOf(given), (x) => x + 3),
              given.shape,
            )
          : given,
      );
      close(await valuesOf(moved), await valuesOf(problem), 8);
    }
  });
});

describe("bounds hold:", () => {
  test("InfoNCE lies between 0 and log N + 2 / temperature", async () => {
    for (const rows of [1, 2, 9]) {
      for (const temperature of [0.05, 0.5, 5]) {
        const { a, b } = vectorsOf(rows, 3, rows);
        const { loss } = await call("infoNCE", { a, b }, { temperature, reduction: "none" });
        for (const value of await read(loss)) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(Math.log(rows) + 2 / temperature + 1e-12);
        }
      }
    }
  });

  test("identical vectors leave nothing to tell apart: log N", async () => {
    const same = tensor(new Float32Array(12).fill(0.5), [4, 3]);
    const { loss } = await call("infoNCE", { same, also: same }, {});
    expect(await loss.item()).toBeCloseTo(Math.log(4), 12);
  });

  test("the loss, the positives' probability and the bound of the mutual information agree", async () => {
    const { a, b } = vectorsOf(6, 4, 31);
    const outputs = ["positiveProbability", "correct", "mutualInformation"];
    const result = (await call(
      "infoNCE",
      { a, b },
      { outputs, temperature: 0.5 },
    )) as unknown as Record<string, Tensor>;
    const p = await read(result["positiveProbability"]);
    const loss = await (result["loss"] as Tensor).item();
    expect(p.reduce((sum, x) => sum - Math.log(x), 0) / 6).toBeCloseTo(loss, 12);
    expect(await (result["mutualInformation"] as Tensor).item()).toBeCloseTo(
      Math.log(6) - loss,
      12,
    );
    for (const [row, correct] of (await read(result["correct"])).entries()) {
      if ((p[row] as number) > 0.5) expect(correct).toBe(1);
    }
  });

  test("a gradient by a vector under the cosine never changes its length", async () => {
    for (const { make } of matrixLosses) {
      const { loss, inputs, options } = make(vectorsOf(5, 4, 32));
      if (
        options["normalize"] === false ||
        ["l2", "squared"].includes(options["distance"] as string)
      ) {
        continue;
      }
      const { gradients } = await call(loss, inputs, { ...options, gradients: true });
      for (const [name, given] of Object.entries(inputs)) {
        const gradient = gradients[name];
        if (!gradient) continue;
        const g = await read(gradient);
        const x = numbersOf(given);
        const [rows = 0, depth = 1] = given.shape;
        for (let row = 0; row < rows; row++) {
          let along = 0;
          for (let k = row * depth; k < (row + 1) * depth; k++) {
            along += (g[k] as number) * (x[k] as number);
          }
          expect(Math.abs(along), `${loss} ${name}`).toBeLessThan(1e-12);
        }
      }
    }
  });
});

describe("rows without a direction", () => {
  const zero = tensor(Float32Array.of(0, 0, 1, 2, 1e-39, 0, -1, 0.5), [4, 2]);
  const other = tensor(Float32Array.of(1, 1, 0, 0, 2, 1, 1, -1), [4, 2]);

  test("are counted, have similarity 0 and gradient exactly 0", async () => {
    const result = await call("clip", { zero, other }, { gradients: true });
    expect((await result.stats.read()).degenerate).toBe(3);
    const g = await read(result.gradients["images"]);
    expect([...g.subarray(0, 2), ...g.subarray(4, 6)]).toEqual([0, 0, 0, 0]);
    expect(g.every(Number.isFinite)).toBe(true);
  });

  test("are counted once where a set is compared with itself, and once a pair", async () => {
    const labels = tensor(Int32Array.of(0, 0, 1, 1), [4]);
    const own = await call("supCon", { zero, labels }, {});
    expect((await own.stats.read()).degenerate).toBe(2);
    const triple = await call(
      "triplet",
      { zero, other, also: zero },
      { distance: "cosine", swap: true },
    );
    expect((await triple.stats.read()).degenerate).toBe(5);
  });

  test("do not exist where distances are compared", async () => {
    const labels = tensor(Int32Array.of(0, 0, 1, 1), [4]);
    const result = await call("tripletMining", { zero, labels }, {});
    expect((await result.stats.read()).degenerate).toBe(0);
  });
});
