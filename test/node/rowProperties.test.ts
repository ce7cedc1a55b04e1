import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  costMatrix,
  entropy,
  jsd,
  klDivergence,
  openBackend,
  softmax,
  type Tensor,
  tensor,
  totalVariation,
} from "../../src/index.js";
import { type RowLoss, rowFunctionNamed, rowLosses, titleOf } from "../rowProblems.js";

const backend = await openBackend({ kind: "cpu" });
const RUNS = { numRuns: 40 };

/** One row of scores and another, with a label. */
const rowArbitrary = fc.integer({ min: 2, max: 7 }).chain((classes) =>
  fc.record({
    scores: fc.array(fc.double({ min: -30, max: 30, noNaN: true }), {
      minLength: classes,
      maxLength: classes,
    }),
    others: fc.array(fc.double({ min: -30, max: 30, noNaN: true }), {
      minLength: classes,
      maxLength: classes,
    }),
    label: fc.integer({ min: 0, max: classes - 1 }),
    seed: fc.integer({ min: 0, max: 1000 }),
  }),
);
interface Row {
  readonly scores: readonly number[];
  readonly others: readonly number[];
  readonly label: number;
  readonly seed: number;
}

const single = (row: Row) => ({
  rows: 1,
  classes: row.scores.length,
  scores: Float32Array.from(row.scores),
  others: Float32Array.from(row.others),
  labels: Int32Array.of(row.label),
  seed: row.seed,
});

/** The loss of one row and its gradients, after the inputs were changed. */
async function run(
  { name, make, wrt }: RowLoss,
  row: Row,
  change: (name: string, given: Tensor) => Promise<Tensor> = async (_, given) => given,
) {
  const { inputs, options } = make(single(row));
  const entries = Object.entries(inputs).map(async ([key, given]) => change(key, given));
  const args = [...(await Promise.all(entries)), { ...options, gradients: wrt, backend }];
  const result = await rowFunctionNamed(name)(...(args as never[]));
  const gradients: Record<string, Float64Array> = {};
  for (const key of wrt) gradients[key] = (await result.gradients[key]?.read()) as Float64Array;
  return { loss: await result.loss.item(), gradients };
}

const shifted = async (given: Tensor, by: number): Promise<Tensor> =>
  tensor(
    Float64Array.from((await given.read()) as Float32Array, (x) => x + by),
    given.shape,
  );
const close = (a: number, b: number): boolean =>
  Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));

// Where a softmax or a margin is taken, only differences of scores matter.
const shiftless = (name: string): boolean =>
  !["nll", "klDivergence", "multilabelSoftMargin"].includes(name);
const invariant = rowLosses.filter(({ name }) => shiftless(name));
const titled = (losses: readonly RowLoss[]) =>
  losses.map((loss) => {
    const { options } = loss.make(single({ scores: [0, 1], others: [1, 0], label: 0, seed: 1 }));
    return { title: titleOf(loss.name, options), loss };
  });

describe("scores moved by one number", () => {
  test.each(titled(invariant))("leave $title as it was", async ({ loss }) => {
    const property = fc.asyncProperty(
      rowArbitrary,
      fc.integer({ min: -100, max: 100 }),
      async (row, by) => {
        const before = await run(loss, row);
        const after = await run(loss, row, (name, given) =>
          loss.scores.includes(name) ? shifted(given, by) : Promise.resolve(given),
        );
        return close(before.loss, after.loss);
      },
    );
    await fc.assert(property, RUNS);
  });

  test.each(titled(invariant))(
    "so the gradient of $title sums to 0 over the row",
    async ({ loss }) => {
      const property = fc.asyncProperty(rowArbitrary, async (row) => {
        const { gradients } = await run(loss, row);
        return loss.scores.every((name) => {
          const gradient = gradients[name] ?? new Float64Array();
          const scale = gradient.reduce((sum, slope) => sum + Math.abs(slope), 1);
          return Math.abs(gradient.reduce((sum, slope) => sum + slope, 0)) <= 1e-12 * scale;
        });
      });
      await fc.assert(property, RUNS);
    },
  );
});

describe("classes in another order", () => {
  // Options that name classes would have to be put in order too.
  const plain = rowLosses.filter(({ make }) => {
    const { options } = make(single({ scores: [0, 1], others: [1, 0], label: 0, seed: 1 }));
    return Object.values(options).every((value) => typeof value !== "object");
  });

  test.each(titled(plain))("put the gradient of $title in that order", async ({ loss }) => {
    const property = fc.asyncProperty(rowArbitrary, async (row) => {
      const classes = row.scores.length;
      const place = (c: number): number => (c + 1) % classes;
      const turned = async (_: string, given: Tensor): Promise<Tensor> => {
        const data = (await given.read()) as Float32Array;
        if (given.dtype === "i32") {
          const labels = Int32Array.from(data, (label) => (label < 0 ? label : place(label)));
          return tensor(labels, given.shape);
        }
        const moved = new Float64Array(classes);
        for (const [c, x] of data.entries()) moved[place(c)] = x;
        return tensor(moved, given.shape);
      };
      const before = await run(loss, row);
      const after = await run(loss, row, turned);
      return (
        close(before.loss, after.loss) &&
        loss.wrt.every((name) =>
          [...(before.gradients[name] ?? [])].every((slope, c) =>
            close(slope, after.gradients[name]?.[place(c)] as number),
          ),
        )
      );
    });
    await fc.assert(property, RUNS);
  });
});

describe("what divergences promise", () => {
  const logits = { inputForm: "logits", targetForm: "logits", backend } as const;

  test("no divergence is negative, and none of a distribution from itself is above 0", async () => {
    const property = fc.asyncProperty(rowArbitrary, async ({ scores, others }) => {
      const forward = await klDivergence([scores], [others], logits);
      const reverse = await klDivergence([others], [scores], { ...logits, direction: "reverse" });
      const own = await klDivergence([scores], [scores], logits);
      const value = await forward.loss.item();
      // KL(p || q) reversed with its arguments exchanged is the same number.
      expect(close(value, await reverse.loss.item())).toBe(true);
      return value >= -1e-12 && (await own.loss.item()) === 0;
    });
    await fc.assert(property, RUNS);
  });

  test("Jensen-Shannon at one half knows no order, and is at most ln 2", async () => {
    const property = fc.asyncProperty(rowArbitrary, async ({ scores, others }) => {
      const one = await (await jsd([scores], [others], { backend })).loss.item();
      const other = await (await jsd([others], [scores], { backend })).loss.item();
      return close(one, other) && one >= -1e-12 && one <= Math.LN2 + 1e-12;
    });
    await fc.assert(property, RUNS);
  });

  test("total variation is between 0 and 1, and bounds the divergence as Pinsker says", async () => {
    const property = fc.asyncProperty(rowArbitrary, async ({ scores, others }) => {
      const distance = await (await totalVariation([scores], [others], { backend })).loss.item();
      const divergence = await (await klDivergence([scores], [others], logits)).loss.item();
      return distance >= 0 && distance <= 1 + 1e-12 && 2 * distance ** 2 <= divergence + 1e-12;
    });
    await fc.assert(property, RUNS);
  });

  test("an entropy is between 0 and ln C, bits are nats over ln 2", async () => {
    const property = fc.asyncProperty(rowArbitrary, async ({ scores }) => {
      const nats = await (await entropy([scores], { backend })).loss.item();
      const bits = await (await entropy([scores], { backend, unit: "bits" })).loss.item();
      return nats >= 0 && nats <= Math.log(scores.length) + 1e-12 && close(bits, nats / Math.LN2);
    });
    await fc.assert(property, RUNS);
  });
});

test("the probabilities of a softmax sum to 1", async () => {
  const property = fc.asyncProperty(rowArbitrary, async ({ scores }) => {
    const { output } = await softmax([scores], { backend });
    const numbers = (await output.read()) as Float64Array;
    return close(
      numbers.reduce((sum, p) => sum + p, 0),
      1,
    );
  });
  await fc.assert(property, RUNS);
});

test("an expected cost lies between the cheapest and the dearest answer", async () => {
  const property = fc.asyncProperty(rowArbitrary, async ({ scores, others, label }) => {
    const costs = scores.map(() => others);
    const { loss } = await costMatrix([scores], [label], { costs, backend });
    const cost = await loss.item();
    return cost >= Math.min(...others) - 1e-9 && cost <= Math.max(...others) + 1e-9;
  });
  await fc.assert(property, RUNS);
});
