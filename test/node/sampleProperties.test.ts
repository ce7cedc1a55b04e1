import { describe, expect, test } from "vitest";
import {
  combine,
  crossEntropy,
  dice,
  dpo,
  elbo,
  gaussianKL,
  iou,
  l2Penalty,
  openBackend,
  reduce,
  sequenceLogProbs,
  type Tensor,
  tensor,
  tversky,
} from "../../src/index.js";
import { fill, labelsFrom, normalFrom, randomFrom } from "../random.js";
import { boxes, problemsOf, small, solve } from "../sampleProblems.js";

const backend = await openBackend({ kind: "cpu" });
const none = { reduction: "none", backend } as const;
const numbers = async (given: Tensor): Promise<number[]> =>
  Array.from((await given.read()) as Float64Array);
const near = (got: readonly number[], want: readonly number[], within = 1e-12): void => {
  expect(got).toHaveLength(want.length);
  for (const [at, x] of want.entries())
    expect(Math.abs((got[at] as number) - x)).toBeLessThan(within);
};
const variants = ["iou", "giou", "diou", "ciou"] as const;

describe.each(variants)("%s", (variant) => {
  const pairs = boxes(20, 5);
  const options = { ...none, variant };

  test("does not care which box is which", async () => {
    const there = await iou(pairs.boxes, pairs.targets, { ...options, gradients: true });
    const back = await iou(pairs.targets, pairs.boxes, { ...options, gradients: true });
    near(await numbers(there.loss), await numbers(back.loss));
    near(await numbers(there.gradients.boxes), await numbers(back.gradients.targets));
  });

  test("does not care where the boxes are, nor how large everything is", async () => {
    const moved = async (given: Tensor): Promise<Tensor> =>
      tensor(
        Float64Array.from(
          (await given.read()) as Float32Array,
          (x, at) => 4 * (x + (at % 2 ? 7 : -3)),
        ),
        [20, 4],
      );
    const here = await iou(pairs.boxes, pairs.targets, options);
    const there = await iou(await moved(pairs.boxes), await moved(pairs.targets), options);
    near(await numbers(there.loss), await numbers(here.loss), 1e-11);
  });

  test("is 0 for a box and itself, and lies between 0 and its bound", async () => {
    const own = await iou(pairs.boxes, pairs.boxes, options);
    near(await numbers(own.loss), new Array(20).fill(0));
    const bound = variant === "iou" ? 1 : variant === "ciou" ? 3 : 2;
    for (const loss of await numbers((await iou(pairs.boxes, pairs.targets, options)).loss)) {
      expect(loss).toBeGreaterThanOrEqual(0);
      expect(loss).toBeLessThanOrEqual(bound);
    }
  });

  test("moving both boxes together changes nothing: the gradients of a coordinate sum to 0", async () => {
    const { gradients } = await iou(pairs.boxes, pairs.targets, { ...options, gradients: true });
    const own = await numbers(gradients.boxes);
    const other = await numbers(gradients.targets);
    for (let at = 0; at < own.length; at += 4) {
      for (const k of [at, at + 1]) {
        const sum = [own[k], own[k + 2], other[k], other[k + 2]].reduce((a = 0, b = 0) => a + b, 0);
        expect(Math.abs(sum as number)).toBeLessThan(1e-12);
      }
    }
  });

  test("empty boxes overlap with nothing and push nobody away", async () => {
    const empty = [[1, 1, 1, 1]];
    const { loss, gradients } = await iou(empty, empty, { ...options, gradients: true });
    expect(await numbers(loss)).toEqual([1]);
    expect(await numbers(gradients.boxes)).toEqual([0, 0, 0, 0]);
  });
});

describe("dice and tversky", () => {
  const [probabilities, targets] = [11, 12].map((seed) => {
    const random = randomFrom(seed);
    return tensor(Float64Array.from(fill(6 * 50, random)), [6, 50]);
  }) as [Tensor, Tensor];

  test.each([dice, tversky])("lie in [0, 1]", async (loss) => {
    for (const x of await numbers((await loss(probabilities, targets, none)).loss)) {
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(1);
    }
  });

  test("dice is tversky with halves, and does not care which map is which", async () => {
    const one = await numbers((await dice(probabilities, targets, none)).loss);
    const options = { ...none, alpha: 0.5, beta: 0.5, smooth: 0.5 };
    near(one, await numbers((await tversky(probabilities, targets, options)).loss));
    near(one, await numbers((await dice(targets, probabilities, none)).loss));
  });

  test("alpha weighs false alarms, beta misses: swapping maps swaps them", async () => {
    const there = await tversky(probabilities, targets, { ...none, alpha: 0.2, beta: 0.9 });
    const back = await tversky(targets, probabilities, { ...none, alpha: 0.9, beta: 0.2 });
    near(await numbers(there.loss), await numbers(back.loss));
  });

  test("two empty maps match, with smoothing and without", async () => {
    const zeros = tensor(new Float64Array(6), [2, 3]);
    for (const smooth of [0, 1]) {
      const { loss, gradients } = await dice(zeros, zeros, { ...none, smooth, gradients: true });
      expect(await numbers(loss)).toEqual([0, 0]);
      for (const x of await numbers(gradients.probabilities)) expect(Number.isFinite(x)).toBe(true);
    }
  });

  test("the shape of a map does not matter", async () => {
    const flat = await dice(probabilities, targets, none);
    const deep = await dice(
      tensor(probabilities, [6, 5, 2, 5]),
      tensor(targets, [6, 5, 2, 5]),
      none,
    );
    expect(await numbers(deep.loss)).toEqual(await numbers(flat.loss));
  });
});

describe("elbo", () => {
  const normal = normalFrom(21);
  const random = randomFrom(22);
  const matrix = (make: () => number, width: number) =>
    tensor(Float64Array.from(fill(5 * width, make)), [5, width]);
  const inputs = [
    matrix(normal, 8),
    matrix(random, 8),
    matrix(normal, 3),
    matrix(normal, 3),
  ] as const;

  test.each(["bernoulli", "gaussian"] as const)(
    "%s is its reconstruction plus beta times its divergence",
    async (reconstruction) => {
      const options = {
        ...none,
        reconstruction,
        beta: 2.5,
        outputs: ["reconstruction", "kl"] as const,
      };
      const found = await elbo(...inputs, options);
      const parts = await numbers(found.reconstruction);
      const kl = await numbers(found.kl);
      near(
        await numbers(found.loss),
        parts.map((part, at) => part + 2.5 * (kl[at] as number)),
      );
      for (const x of [...parts, ...kl]) expect(x).toBeGreaterThan(0);
    },
  );

  test("its divergence is gaussianKL, summed over the latents", async () => {
    const { kl } = await elbo(...inputs, { ...none, outputs: ["kl"] });
    const { loss } = await gaussianKL(inputs[2], inputs[3], none);
    const each = await numbers(loss);
    const sums = fill(
      5,
      (at) =>
        (each[3 * at] as number) + (each[3 * at + 1] as number) + (each[3 * at + 2] as number),
    );
    near(await numbers(kl), Array.from(sums));
  });

  test("at the prior the divergence and its gradients are 0", async () => {
    const zeros = tensor(new Float64Array(15), [5, 3]);
    const options = { ...none, gradients: true, outputs: ["kl"] as const };
    const { kl, gradients } = await elbo(inputs[0], inputs[1], zeros, zeros, options);
    for (const found of [kl, gradients.means, gradients.logVariances]) {
      for (const x of await numbers(found)) expect(Math.abs(x)).toBe(0);
    }
  });
});

describe("reduce", () => {
  const losses = tensor(Float64Array.from(fill(12, normalFrom(31))), [3, 4]);

  test("without a reduction gives back what it got", async () => {
    expect(await numbers((await reduce(losses, none)).loss)).toEqual(await numbers(losses));
  });

  test("one segment of all is no segment", async () => {
    for (const reduction of ["sum", "mean", "meanCount", "tokenMean"] as const) {
      const whole = await reduce(losses, { reduction, backend });
      const one = await reduce(losses, { reduction, segments: [0, 12], backend });
      near(await numbers(one.loss), await numbers(whole.loss));
    }
  });

  test("segments of the sequences' length are sequenceMean", async () => {
    const mask = [
      [1, 1, 0, 0],
      [1, 1, 1, 1],
      [0, 1, 0, 1],
    ];
    const options = { mask, reduction: "sequenceMean", gradients: true, backend } as const;
    const axis = await reduce(losses, options);
    const cut = await reduce(losses, { ...options, segments: [0, 4, 8, 12] });
    near(await numbers(cut.loss), await numbers(axis.loss));
    near(await numbers(cut.gradients.losses), await numbers(axis.gradients.losses));
  });

  test("sums of segments add up to the sum", async () => {
    const { loss } = await reduce(losses, {
      segments: [0, 1, 1, 7, 12],
      reduction: "sum",
      backend,
    });
    const parts = await numbers(loss);
    const all = await (await reduce(losses, { reduction: "sum", backend })).loss.item();
    near([parts.reduce((sum, part) => sum + part, 0)], [all]);
  });

  test("a weighted mean of equal losses is that loss and does not depend on the weights", async () => {
    const options = {
      weights: [1, 2, 3],
      reduction: "weightedMean",
      gradients: true,
      backend,
    } as const;
    const { loss, gradients } = await reduce([5, 5, 5], options);
    expect(await loss.item()).toBe(5);
    near(await numbers(gradients.weights), [0, 0, 0]);
    near([(await numbers(gradients.losses)).reduce((sum, x) => sum + x, 0)], [1]);
  });
});

describe("combine", () => {
  const terms = [
    { loss: 0.55, weight: 1 },
    { loss: 0.04, weight: 10 },
    { loss: 1.8, weight: 0.2 },
  ];

  test("takes numbers, tensors and results, and gives shares that sum to 1", async () => {
    const { loss: own } = await reduce([0.02, 0.06], { backend });
    const result = await reduce([1.8], { backend });
    const given = [terms[0], { loss: own, weight: tensor([10]) }, { loss: result, weight: 0.2 }];
    const { loss, shares } = await combine(given as typeof terms, { backend });
    near([await loss.item()], [1.31]);
    near([(await numbers(shares)).reduce((sum, share) => sum + share, 0)], [1]);
  });

  test("a list and a tensor of losses are the same", async () => {
    const list = await combine(terms, { gradients: true, backend });
    const options = { weights: [1, 10, 0.2], gradients: true, backend } as const;
    const all = await combine([0.55, 0.04, 1.8], options);
    for (const name of ["loss", "shares"] as const) {
      expect(await numbers(list[name])).toEqual(await numbers(all[name]));
    }
    expect(await numbers(list.gradients.losses)).toEqual([1, 10, 0.2]);
    expect(await numbers(list.gradients.weights)).toEqual([0.55, 0.04, 1.8]);
  });

  test("the gradient of the total is that of each term with its weight as upstream", async () => {
    const [logits, targets] = [[[1, 2]], [0]];
    const alone = await crossEntropy(logits, targets, { gradients: true, backend });
    const { gradients } = await combine([{ loss: alone, weight: 3 }], { gradients: true, backend });
    const [weight] = await numbers(gradients.losses);
    const options = { gradients: true, upstream: weight as number, backend } as const;
    const scaled = await crossEntropy(logits, targets, options);
    const want = (await numbers(alone.gradients.logits)).map((x) => 3 * x);
    near(await numbers(scaled.gradients.logits), want);
  });

  test("without weights every loss counts 1; of a total of 0 nobody has a share", async () => {
    const { loss, shares } = await combine([2, -2], { backend });
    expect(await loss.item()).toBe(0);
    expect(await numbers(shares)).toEqual([0, 0]);
  });
});

describe("sequenceLogProbs", () => {
  const logits = tensor(Float64Array.from(fill(3 * 4 * 6, normalFrom(41))), [3, 4, 6]);
  const labels = tensor(labelsFrom(42, 12, 6).with(2, -100), [3, 4]);

  test("is minus the cross-entropy of its tokens, summed", async () => {
    const { output } = await sequenceLogProbs(logits, labels, { backend });
    const { loss } = await crossEntropy(logits, labels, none);
    const each = await numbers(loss);
    const sums = fill(3, (b) => -each.slice(4 * b, 4 * b + 4).reduce((sum, x) => sum + x, 0));
    near(await numbers(output), Array.from(sums));
  });

  test("its average divides by the tokens that count", async () => {
    const sum = await numbers((await sequenceLogProbs(logits, labels, { backend })).output);
    const { output } = await sequenceLogProbs(logits, labels, { average: true, backend });
    near(
      await numbers(output),
      sum.map((x, at) => x / (at === 0 ? 3 : 4)),
    );
  });

  test("all sequences of two tokens over two classes have probability 1 together", async () => {
    const two = tensor(Float64Array.of(0.3, -1, 2, 0.5), [1, 2, 2]);
    let total = 0;
    for (const sequence of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]) {
      const { output } = await sequenceLogProbs(two, [sequence], { backend });
      total += Math.exp(await output.item());
    }
    expect(total).toBeCloseTo(1, 12);
  });

  test("a temperature divides the logits", async () => {
    const scaled = tensor(
      Float64Array.from((await logits.read()) as Float64Array, (x) => x / 0.7),
      [3, 4, 6],
    );
    const there = await sequenceLogProbs(logits, labels, { temperature: 0.7, backend });
    const here = await sequenceLogProbs(scaled, labels, { backend });
    near(await numbers(there.output), await numbers(here.output));
  });

  test("a preference loss reaches the logits through its upstream", async () => {
    const rejected = tensor(labelsFrom(43, 12, 6), [3, 4]);
    const zeros = [0, 0, 0];
    const objective = async (at: Tensor): Promise<number> => {
      const chosen = (await sequenceLogProbs(at, labels, { backend })).output;
      const other = (await sequenceLogProbs(at, rejected, { backend })).output;
      return (await dpo(chosen, other, zeros, zeros, { backend })).loss.item();
    };
    const chosen = (await sequenceLogProbs(logits, labels, { backend })).output;
    const other = (await sequenceLogProbs(logits, rejected, { backend })).output;
    const { gradients } = await dpo(chosen, other, zeros, zeros, { gradients: true, backend });
    const slopes = await Promise.all(
      [
        [labels, gradients.policyChosen],
        [rejected, gradients.policyRejected],
      ].map(async ([sequence, upstream]) => {
        const options = { upstream: upstream as Tensor, gradients: true, backend } as const;
        const result = await sequenceLogProbs(logits, sequence as Tensor, options);
        return numbers(result.gradients.logits);
      }),
    );
    const start = (await logits.read()) as Float64Array;
    for (const at of [0, 9, 17, 40, 71]) {
      const h = 2 ** -17;
      const moved = (by: number) => tensor(start.with(at, (start[at] as number) + by), [3, 4, 6]);
      const slope = ((await objective(moved(h))) - (await objective(moved(-h)))) / (2 * h);
      expect((slopes[0]?.[at] ?? 0) + (slopes[1]?.[at] ?? 0)).toBeCloseTo(slope, 9);
    }
  });
});

test("l2Penalty is lambda times the squared norm, and its gradient 2 lambda theta", async () => {
  const options = { lambda: 0.5, gradients: true, backend } as const;
  const { loss, gradients } = await l2Penalty([[3, -4]], options);
  expect(await loss.item()).toBe(12.5);
  expect(await numbers(gradients.parameters)).toEqual([3, -4]);
});

describe("a plan gives the numbers of a call", () => {
  test.each(problemsOf(small, 6))("$title", async (problem) => {
    const { name, inputs, options, wrt } = problem;
    const library = (await import("../../src/index.js")) as unknown as Record<
      string,
      { plan(shapes: object, options: object): Promise<import("../../src/index.js").Plan> }
    >;
    const shapes = { ...inputs };
    const plan = await library[name]?.plan(shapes, { ...options, gradients: wrt, backend });
    const planned = plan?.run(inputs) as {
      loss?: Tensor;
      output?: Tensor;
      gradients: Record<string, Tensor>;
    };
    const called = await solve(problem, { gradients: wrt, backend });
    const values = planned.loss ?? planned.output;
    expect(await numbers(values as Tensor)).toEqual(await numbers(called.loss));
    for (const input of wrt) {
      expect(await numbers(planned.gradients[input] as Tensor)).toEqual(
        await numbers(called.gradients[input] as Tensor),
      );
    }
  });
});
