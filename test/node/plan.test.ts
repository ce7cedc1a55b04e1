import { expect, test } from "vitest";
import { crossEntropy, openBackend } from "../../src/index.js";

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
