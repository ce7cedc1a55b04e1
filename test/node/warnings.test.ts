import { beforeEach, describe, expect, test, vi } from "vitest";
import type { AnyLoss } from "../../src/define.js";
import {
  bceWithLogits,
  costMatrix,
  crossEntropy,
  openBackend,
  sequenceLogProbs,
  sigmoidFocal,
  tensor,
} from "../../src/index.js";
import * as losses from "../../src/losses/index.js";
import type { Request } from "../../src/request.js";
import { warnIfDistributions } from "../../src/warn.js";
import { forgetWarnings } from "../../src/warnings.js";
import { normalFrom, randomFrom } from "../random.js";

const backend = await openBackend({ kind: "cpu" });
beforeEach(forgetWarnings);
const spyOnWarnings = () => vi.spyOn(console, "warn").mockImplementation(() => {});

type Call = (...args: unknown[]) => Promise<unknown>;
const registry = Object.values(losses) as unknown as AnyLoss[];
const withCheck = registry.filter(({ spec }) => "checkLogits" in spec.options);

describe("logits of a sigmoid that look like probabilities are pointed at, once", () => {
  const probabilities = Float32Array.from({ length: 20 }, (_, at) => at / 19);
  const targets = new Float32Array(20);

  test("the warning names the loss, the argument and the fix", async () => {
    const spy = spyOnWarnings();
    await bceWithLogits(probabilities, targets, { backend });
    await bceWithLogits(probabilities, targets, { backend });
    await vi.dynamicImportSettled();
    expect(spy.mock.calls).toEqual([
      [
        expect.stringMatching(
          /bceWithLogits: logits all lie between 0 and 1.*use bce.*checkLogits: false/,
        ),
      ],
    ]);
    await sigmoidFocal(probabilities, targets, { backend });
    await vi.dynamicImportSettled();
    expect(spy).toHaveBeenCalledTimes(2);
  });

  test.each([
    ["the check is off", probabilities, { checkLogits: false }],
    ["one is negative", probabilities.with(3, -1), {}],
    ["there are too few to tell", probabilities.slice(0, 15), {}],
    ["all are 0 or 1", probabilities.map(Math.round), {}],
  ] as const)("nothing is said where %s", async (_, logits, options) => {
    const spy = spyOnWarnings();
    await bceWithLogits(logits, targets.slice(0, logits.length), { backend, ...options });
    await vi.dynamicImportSettled();
    expect(spy).not.toHaveBeenCalled();
  });
});

/** Rows of a softmax. */
function softmaxRows(rows: number, classes: number): Float32Array {
  const normal = normalFrom(rows);
  const out = Float32Array.from({ length: rows * classes }, () => Math.exp(normal()));
  for (let base = 0; base < out.length; base += classes) {
    const row = out.subarray(base, base + classes);
    const sum = row.reduce((total, x) => total + x, 0);
    for (const [at, x] of row.entries()) row[at] = x / sum;
  }
  return out;
}

describe("logits of a softmax that look like probabilities are pointed at, once", () => {
  const rows = softmaxRows(4, 5);
  const labels = Int32Array.of(0, 1, 2, 4);
  const softmaxLosses = withCheck.filter(({ spec }) => spec.family !== "elementwise");

  test("by every loss that begins with one, and names its input logits", () => {
    const expected = registry
      .filter(({ spec }) => spec.family === "row" || spec.family === "preference")
      .filter(({ spec }) => /logits$/i.test(Object.keys(spec.inputs)[0] as string))
      .filter(({ spec }) => spec.result !== "output" || spec.name === "sequenceLogProbs")
      .map(({ spec }) => spec.name)
      // A sigmoid of each class: its rows need not sum to anything.
      .filter((name) => name !== "multilabelSoftMargin");
    expect(softmaxLosses.map(({ spec }) => spec.name).sort()).toEqual(expected.sort());
    expect(expected).toContain("crossEntropy");
  });

  test.each(softmaxLosses.map((loss) => [loss.spec.name, loss] as const))(
    "%s",
    async (name, loss) => {
      const spy = spyOnWarnings();
      const sequences = name === "sequenceLogProbs";
      const logits = tensor(rows, sequences ? [1, 4, 5] : [4, 5]);
      const second = sequences ? tensor(labels, [1, 4]) : labels;
      const pairs = Object.keys(loss.spec.inputs).length === 2;
      const isLabelled = !["jsd", "totalVariation", "distillation"].includes(name);
      const inputs = pairs ? [logits, isLabelled ? second : logits] : [logits];
      const costs = name === "costMatrix" ? { costs: tensor(new Float32Array(25), [5, 5]) } : {};
      const call = loss as unknown as Call;
      await call(...inputs, { ...costs, backend });
      await call(...inputs, { ...costs, backend });
      await vi.dynamicImportSettled();
      expect(spy.mock.calls).toEqual([
        [
          expect.stringMatching(
            /: \w*[lL]ogits sum to 1 in each row, .*before the softmax.*checkLogits/,
          ),
        ],
      ]);
      forgetWarnings();
      await call(...inputs, { ...costs, backend, checkLogits: false });
      await vi.dynamicImportSettled();
      expect(spy).toHaveBeenCalledTimes(1);
    },
  );

  test("one row is enough, and so are the classes of an image", async () => {
    const spy = spyOnWarnings();
    await crossEntropy([[0.7, 0.2, 0.1]], [0], { backend });
    await vi.dynamicImportSettled();
    expect(spy).toHaveBeenCalledTimes(1);
    forgetWarnings();
    const image = Float32Array.of(0.25, 0.5, 0.75, 0.5);
    await crossEntropy(tensor(image, [1, 2, 2]), [[0, 1]], { classAxis: 1, backend });
    await vi.dynamicImportSettled();
    expect(spy).toHaveBeenCalledTimes(2);
  });

  const random = randomFrom(3);
  test.each([
    ["a sum is not 1", rows.with(7, 0.9)],
    ["a number is negative", rows.with(12, -0.1)],
    ["a number is no number", rows.with(3, Number.NaN)],
    ["they only lie between 0 and 1", Float32Array.from({ length: 20 }, random)],
    ["they are one-hot", Float32Array.from({ length: 20 }, (_, at) => +(at % 5 === 0))],
    ["they are zeros, as before training", new Float32Array(20)],
  ] as const)("nothing is said where %s", async (_, logits) => {
    const spy = spyOnWarnings();
    await crossEntropy(tensor(logits, [4, 5]), labels, { backend });
    await vi.dynamicImportSettled();
    expect(spy).not.toHaveBeenCalled();
  });

  test("nothing is said of one class, of no rows, and of larger numbers", async () => {
    const spy = spyOnWarnings();
    await crossEntropy([[1], [1]], [0, 0], { backend });
    await crossEntropy(tensor(new Float32Array(0), [0, 5]), new Int32Array(0), { backend });
    await costMatrix(tensor(new Float32Array(0), [0, 2]), new Int32Array(0), {
      costs: [
        [0, 1],
        [1, 0],
      ],
      backend,
    });
    await sequenceLogProbs(
      tensor(
        rows.map((x) => 9 * x),
        [1, 4, 5],
      ),
      [[0, 1, 2, 3]],
      { backend },
    );
    await vi.dynamicImportSettled();
    expect(spy).not.toHaveBeenCalled();
  });

  test("real logits are read no further than the first that no probability can be", () => {
    let reads = 0;
    const data = new Float32Array(50_000).fill(3);
    const host = new Proxy(data, {
      get: (target, key) => {
        if (/^\d+$/.test(String(key))) reads += 1;
        return Reflect.get(target, key) as unknown;
      },
    });
    const request = { tensors: { logits: { host } }, choices: { checkLogits: true } };
    warnIfDistributions(request as unknown as Request, "logits", 50_000);
    expect(reads).toBe(1);
  });
});
