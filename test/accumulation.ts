import { expect } from "vitest";
import {
  accumulator,
  type Backend,
  combine,
  crossEntropy,
  type LossError,
  reduce,
  type Tensor,
  tensor,
} from "../src/index.js";
import { labelsFrom, normalFrom } from "./random.js";

const CLASSES = 5;
const sizes = [3, 1, 4];
const normal = normalFrom(11);
const batches = sizes.map((rows, at) => ({
  logits: tensor(Float32Array.from({ length: rows * CLASSES }, normal), [rows, CLASSES]),
  // One row of the last batch takes no part.
  targets: tensor(
    labelsFrom(at + 1, rows, CLASSES).map((y, row) => (row === 3 ? -100 : y)),
    [rows],
  ),
}));
const joined = (name: "logits" | "targets"): Promise<number[]> =>
  Promise.all(batches.map((batch) => batch[name].read())).then((parts) =>
    parts.flatMap((part) => Array.from(part as Float32Array)),
  );
const whole = async () => ({
  logits: tensor(Float32Array.from(await joined("logits")), [8, CLASSES]),
  targets: tensor(Int32Array.from(await joined("targets")), [8]),
});
const near = async (found: Tensor, expected: number): Promise<void> =>
  expect(Math.abs((await found.item()) - expected)).toBeLessThan(2e-6 * Math.abs(expected) + 1e-7);

/** What sums of micro-batches promise, on any backend. */
export const accumulation: { title: string; act(backend: Backend): Promise<void> }[] = [
  {
    title: "gives the mean of one large batch, ignored rows left out",
    async act(backend) {
      const total = accumulator();
      for (const { logits, targets } of batches) {
        const result = await crossEntropy(logits, targets, { reduction: "sum", backend });
        await total.add(result);
        result.destroy();
      }
      const { logits, targets } = await whole();
      const { loss, stats } = await crossEntropy(logits, targets, { backend });
      await near(total.loss, await loss.item());
      expect(await total.count.item()).toBe((await stats.read()).count);
      expect(await total.count.item()).toBe(7);
      await near(total.factor, 1 / 7);
      total.destroy();
    },
  },
  {
    title: "its factor turns the gradients of the sums into those of the large batch",
    async act(backend) {
      const total = accumulator();
      const summed: number[] = [];
      for (const { logits, targets } of batches) {
        const options = { reduction: "sum", gradients: true, backend } as const;
        const result = await crossEntropy(logits, targets, options);
        await total.add(result);
        summed.push(...((await result.gradients.logits.read()) as Float32Array));
      }
      const { logits, targets } = await whole();
      const large = await crossEntropy(logits, targets, { gradients: true, backend });
      const want = (await large.gradients.logits.read()) as Float32Array;
      const factor = await total.factor.item();
      for (const [at, slope] of summed.entries()) {
        expect(Math.abs(factor * slope - (want[at] as number))).toBeLessThan(1e-6);
      }
    },
  },
  {
    title: "a denominator known beforehand gives the same without a factor",
    async act(backend) {
      const { logits, targets } = await whole();
      const large = await crossEntropy(logits, targets, { backend });
      const parts = await Promise.all(
        batches.map((batch) =>
          crossEntropy(batch.logits, batch.targets, { reduction: { denominator: 7 }, backend }),
        ),
      );
      const { loss } = await combine(parts.map((result) => ({ loss: result })));
      await near(loss, await large.loss.item());
    },
  },
  {
    title: "takes sums and counts of one's own, numbers and tensors alike",
    async act(backend) {
      const total = accumulator({ backend });
      const weights = [1, 2, 3];
      const { loss: sum } = await reduce([4, 5, 6], { weights, reduction: "sum", backend });
      const { loss: count } = await reduce(weights, { reduction: "sum", backend });
      await total.add({ sum, count });
      await total.add({ sum: 8, count: 2 });
      await near(total.loss, 5);
      await near(total.sum, 40);
    },
  },
  {
    title: "keeps the order of calls that overlap",
    async act(backend) {
      const total = accumulator({ backend });
      await Promise.all([1, 2, 3].map((sum) => total.add({ sum, count: 1 })));
      await near(total.loss, 2);
    },
  },
  {
    title: "is NaN, or 0 on request, while nothing counts, and its factor is 0",
    async act(backend) {
      for (const [emptyMean, value] of [
        ["nan", Number.NaN],
        ["zero", 0],
      ] as const) {
        const total = accumulator({ emptyMean, backend });
        await total.add({ sum: 0, count: 0 });
        expect(await total.loss.item()).toBe(value);
        expect(await total.factor.item()).toBe(0);
      }
    },
  },
  {
    title: "keeps an infinite and a NaN sum as they are",
    async act(backend) {
      const total = accumulator({ backend });
      await total.add({ sum: tensor(Float32Array.of(Number.POSITIVE_INFINITY)), count: 1 });
      expect(await total.loss.item()).toBe(Number.POSITIVE_INFINITY);
      await total.add({ sum: tensor(Float32Array.of(Number.NEGATIVE_INFINITY)), count: 1 });
      expect(await total.loss.item()).toBeNaN();
    },
  },
  {
    title: "refuses losses that were divided already",
    async act(backend) {
      const { logits, targets } = batches[0] as (typeof batches)[0];
      const total = accumulator();
      const mean = await crossEntropy(logits, targets, { backend });
      const refused = total.add(mean).then(() => total.loss.item());
      await expect(refused).rejects.toThrow(/divided .*already; use reduction: "sum"/);
    },
  },
  {
    title: "refuses what is neither a result nor a sum with its count",
    async act(backend) {
      const total = accumulator({ backend });
      const code = (error: LossError): string => error.code;
      expect(await total.add(3 as never).catch(code)).toBe("OPTION");
      const losses = await crossEntropy(
        [
          [1, 2],
          [3, 4],
        ],
        [0, 1],
        { reduction: "none", backend },
      );
      expect(await total.add(losses).catch(code)).toBe("SHAPE_MISMATCH");
      expect(() => total.loss).toThrow(/nothing was added/);
      total.destroy();
      expect(await total.add({ sum: 1, count: 1 }).catch(code)).toBe("DISPOSED");
    },
  },
];
