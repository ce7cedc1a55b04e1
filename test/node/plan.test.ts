import { describe, expect, test } from "vitest";
import { isFixed } from "../../src/bind.js";
import type { AnyLoss } from "../../src/define.js";
import { crossEntropy, openBackend } from "../../src/index.js";
import * as library from "../../src/losses/index.js";
import type { Target } from "../../src/plan.js";
import { Request } from "../../src/request.js";
import { plannedProgram } from "../planners.js";
import { targets } from "../variants.js";

const backend = await openBackend({ kind: "cpu" });

test("targets planned with the rows' shape are class numbers, with the logits' shape probabilities", async () => {
  const labels = await crossEntropy.plan({ logits: [2, 3], targets: [2] }, { backend });
  const logits = [
    [3, 1, -2],
    [1000, 999, 998],
  ];
  const byLabel = await labels.run({ logits, targets: [0, 2] }).loss.item();
  expect(byLabel).toBeCloseTo((0.132845233728 + 2.407605964444) / 2, 11);
  const soft = await crossEntropy.plan({ logits: [2, 3], targets: [2, 3] }, { backend });
  const oneHot = [
    [1, 0, 0],
    [0, 0, 1],
  ];
  expect(await soft.run({ logits, targets: oneHot }).loss.item()).toBeCloseTo(byLabel, 12);
  const turned = await crossEntropy.plan({ targets: [2, 3], logits: [2, 3] }, { backend });
  expect(await turned.run({ targets: oneHot, logits }).loss.item()).toBeCloseTo(byLabel, 12);
});

// Not one cast: tsc is half of this test.
test("a plan's results have the types of the call's: outputs, gradients by name, values of what is no loss", async () => {
  const options = { backend, gradients: true, outputs: ["entropy"] } as const;
  const plan = await crossEntropy.plan({ logits: [1, 2], targets: [1] }, options);
  const { entropy, gradients } = plan.run({ logits: [[0, 0]], targets: [0] });
  expect(await entropy.item()).toBeCloseTo(Math.LN2, 12);
  expect([...(await gradients.logits.read())]).toEqual([-0.5, 0.5]);
  const matrix = await library.similarityMatrix.plan(
    { a: [1, 2], b: [1, 2] },
    { backend, metric: "dot" },
  );
  expect(await matrix.run({ a: [[1, 2]], b: [[3, 4]] }).output.item()).toBe(11);
});

test("a number changes from run to run, unless the plan was made with it switched off", async () => {
  const plan = await crossEntropy.plan({ logits: [1, 3], targets: [1] }, { backend });
  const inputs = { logits: [[2, 1, 0]], targets: [0] };
  expect(await plan.run(inputs).loss.item()).toBeCloseTo(0.407605964444, 11);
  expect(await plan.run(inputs, { temperature: 0.5 }).loss.item()).toBeCloseTo(0.1429316285, 9);
  expect(await plan.run(inputs).loss.item()).toBeCloseTo(0.407605964444, 11);
  expect(() => plan.run(inputs, { temperature: 0 })).toThrow(/temperature must be a number/);
  expect(() => plan.run(inputs, { unknown: 1 })).toThrow(/there is no number "unknown"/);
});

test("a plan on the CPU keeps the numbers that are compiled in on a GPU", async () => {
  const inputs = { logits: [[2, 1, 0]], targets: [0] };
  const shapes = { logits: [1, 3], targets: [1] };
  const plain = await crossEntropy.plan(shapes, { backend });
  for (const [name, value] of Object.entries({ labelSmoothing: 0.1, softcap: 5, zLoss: 1 })) {
    expect(() => plain.run(inputs, { [name]: value }), name).toThrow(
      `crossEntropy: ${name} is fixed in this plan; make one with it switched on`,
    );
    const switchedOn = await crossEntropy.plan(shapes, { backend, [name]: value });
    expect(() => switchedOn.run(inputs, { [name]: value / 2 }), name).not.toThrow();
  }
  expect(() => plain.run(inputs, { ignoreIndex: 0 })).toThrow(/ignoreIndex is fixed/);
  expect(() => plain.run(inputs, { classAxis: 1 })).toThrow(/classAxis is fixed/);
});

describe("the numbers that a plan may change are those that its kernels take", () => {
  const losses = Object.values(library) as unknown as AnyLoss[];
  const planned = losses
    .filter(({ spec }) => spec.gpu)
    .map(({ spec }) => ({ name: spec.name, spec }));
  test.each(planned)("$name", ({ spec }) => {
    for (const { args, options } of spec.cases) {
      const names = Object.keys(spec.inputs);
      const inputs = Object.fromEntries(names.map((name, at) => [name, args[at]]));
      const all = { ...options, gradients: true };
      const request = new Request(spec, inputs, all, false);
      const { passes } = plannedProgram(spec, inputs, all, targets["gpu"] as Target, false);
      const taken = new Set(passes.flatMap(({ params }) => Object.values(params)));
      for (const name of Object.keys(request.numbers)) {
        if (!isFixed(request, name)) expect(taken, name).toContain(name);
      }
    }
  });
});
