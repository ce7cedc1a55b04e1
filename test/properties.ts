import fc from "fast-check";
import { type Backend, crossEntropy, type LossResult, type Tensor, tensor } from "../src/index.js";
import { read } from "./against.js";

/** How close two numbers must be that the mathematics calls equal: float64's rounding, or float32's. */
export interface Closeness {
  readonly value: number;
  readonly gradient: number;
}

/** A problem of any small size, and options that leave the properties below intact. */
interface Problem {
  readonly logits: Float32Array;
  readonly labels: Int32Array;
  readonly classes: number;
  readonly rows: number;
  readonly labelSmoothing: number;
  readonly temperature: number;
  readonly ignored: readonly boolean[];
  readonly sampleWeight: Float32Array;
}

const problems: fc.Arbitrary<Problem> = fc
  .record({ rows: fc.integer({ min: 1, max: 9 }), classes: fc.integer({ min: 1, max: 40 }) })
  .chain(({ rows, classes }) =>
    fc.record({
      rows: fc.constant(rows),
      classes: fc.constant(classes),
      logits: fc
        .array(fc.integer({ min: -640, max: 640 }), {
          minLength: rows * classes,
          maxLength: rows * classes,
        })
        .map((numbers) => Float32Array.from(numbers, (n) => n / 64)),
      labels: fc
        .array(fc.nat(classes - 1), { minLength: rows, maxLength: rows })
        .map((numbers) => Int32Array.from(numbers)),
      labelSmoothing: fc.constantFrom(0, 0.125, 0.5, 1),
      temperature: fc.constantFrom(0.5, 1, 4),
      ignored: fc.array(fc.boolean(), { minLength: rows, maxLength: rows }),
      sampleWeight: fc
        .array(fc.integer({ min: 0, max: 8 }), { minLength: rows, maxLength: rows })
        .map((numbers) => Float32Array.from(numbers, (n) => n / 4)),
    }),
  );

interface Answer {
  readonly loss: Float32Array;
  readonly gradient: Float32Array;
}
type Change = Partial<Pick<Problem, "logits" | "labels">>;
type Options = NonNullable<Parameters<typeof crossEntropy>[2]>;

/** Every property with its name: each throws where it does not hold. */
export function propertiesOf(
  backend: Backend,
  { value, gradient: slope }: Closeness,
): Record<string, fc.IAsyncPropertyWithHooks<[Problem]>> {
  const solve = async (
    problem: Problem,
    options: Options = {},
    change: Change = {},
  ): Promise<Answer> => {
    const { logits, labels, rows, classes, labelSmoothing, temperature } = {
      ...problem,
      ...change,
    };
    const input = tensor(logits, [rows, classes]);
    const all = {
      labelSmoothing,
      temperature,
      reduction: "none",
      gradients: true,
      backend,
    } as const;
    const result: LossResult = await crossEntropy(input, labels, { ...all, ...options });
    const answer = {
      loss: await read(result.loss),
      gradient: await read(result.gradients["logits"] as Tensor),
    };
    result.destroy();
    return answer;
  };
  const same = (
    what: string,
    got: ArrayLike<number>,
    want: ArrayLike<number>,
    limit: number,
  ): void => {
    for (let at = 0; at < Math.max(got.length, want.length); at++) {
      const [a, b] = [got[at] as number, want[at] as number];
      if (!(Math.abs(a - b) <= limit * Math.max(1, Math.abs(b)))) {
        throw new Error(`${what}[${at}] is ${a}, expected ${b}`);
      }
    }
  };
  const holds = (check: (problem: Problem) => Promise<void>) => fc.asyncProperty(problems, check);

  return {
    "a number added to all logits of a row changes nothing": holds(async (problem) => {
      const { classes } = problem;
      const moved = problem.logits.map((z, at) => z + 16 * (1 + Math.floor(at / classes)));
      const shifted = await solve(problem, {}, { logits: moved });
      const plain = await solve(problem);
      same("loss", shifted.loss, plain.loss, value);
      same("gradient", shifted.gradient, plain.gradient, slope);
    }),

    "classes in another order give the same loss, and the gradient in that order": holds(
      async (problem) => {
        const { classes, labels } = problem;
        // Multiplying by a number that shares no factor with the classes is a permutation of them.
        const step = [7, 11, 13, 1].find((n) => classes % n !== 0) ?? 1;
        const to = (c: number): number => (c * step + 3) % classes;
        const permuted = (numbers: Float32Array): Float32Array => {
          const out = numbers.slice();
          for (const [at, number] of numbers.entries()) {
            out[at - (at % classes) + to(at % classes)] = number;
          }
          return out;
        };
        const change = { logits: permuted(problem.logits), labels: labels.map(to) };
        const turned = await solve(problem, {}, change);
        const plain = await solve(problem);
        same("loss", turned.loss, plain.loss, value);
        same("gradient", turned.gradient, permuted(plain.gradient), slope);
      },
    ),

    "a row of the gradient sums to 0": holds(async (problem) => {
      const { gradient } = await solve(problem);
      const { classes, rows } = problem;
      const sums = Array.from({ length: rows }, (_, row) =>
        gradient.subarray(row * classes, (row + 1) * classes).reduce((sum, g) => sum + g, 0),
      );
      same(
        "row sum",
        sums,
        sums.map(() => 0),
        8 * slope,
      );
    }),

    "an ignored row has loss 0 and gradient 0, exactly, and no part in the mean": holds(
      async (problem) => {
        const { classes, ignored } = problem;
        const labels = problem.labels.map((label, row) => (ignored[row] ? -100 : label));
        const { loss, gradient } = await solve(problem, {}, { labels });
        for (const [row, isIgnored] of ignored.entries()) {
          if (!isIgnored) continue;
          const part = gradient.subarray(row * classes, (row + 1) * classes);
          if (loss[row] !== 0 || part.some((g) => g !== 0)) throw new Error(`row ${row} took part`);
        }
        const mask = ignored.map((isIgnored) => !isIgnored);
        const reduction = "mean";
        const byLabel = await solve(problem, { reduction }, { labels });
        const byMask = await solve(problem, { reduction, mask });
        if (ignored.every(Boolean)) return;
        same("mean", byLabel.loss, byMask.loss, 0);
        same("gradient", byLabel.gradient, byMask.gradient, 0);
      },
    ),

    "sampleWeight scales a row's loss and gradient": holds(async (problem) => {
      const { classes, sampleWeight } = problem;
      const scaled = await solve(problem, { sampleWeight });
      const plain = await solve(problem);
      const factor = (at: number): number => sampleWeight[Math.floor(at / classes)] as number;
      same(
        "loss",
        scaled.loss,
        plain.loss.map((l, row) => l * (sampleWeight[row] as number)),
        value,
      );
      same(
        "gradient",
        scaled.gradient,
        plain.gradient.map((g, at) => g * factor(at)),
        slope,
      );
    }),

    "the mean is the sum over its denominator, and so are the gradients": holds(async (problem) => {
      const { ignored, rows, sampleWeight } = problem;
      const mask = Float32Array.from(ignored, (isIgnored) => (isIgnored ? 0 : 1));
      const masked = mask.reduce((sum, m) => sum + m, 0);
      const weighed = mask.reduce((sum, m, row) => sum + m * (sampleWeight[row] as number), 0);
      const options = { mask, sampleWeight };
      const sum = await solve(problem, { ...options, reduction: "sum" });
      const means = {
        mean: masked,
        tokenMean: masked,
        meanCount: rows,
        batchMean: rows,
        weightedMean: weighed,
      };
      for (const [reduction, denominator] of Object.entries(means)) {
        if (denominator === 0) continue;
        const mean = await solve(problem, { ...options, reduction: reduction as "mean" });
        same(
          reduction,
          mean.loss,
          sum.loss.map((l) => l / denominator),
          value,
        );
        same(
          reduction,
          mean.gradient,
          sum.gradient.map((g) => g / denominator),
          slope,
        );
      }
    }),

    "one-hot probabilities are class numbers": holds(async (problem) => {
      const { classes, labels, rows, labelSmoothing, temperature } = problem;
      const hot = new Float32Array(rows * classes);
      for (const [row, label] of labels.entries()) hot[row * classes + label] = 1;
      const shape = [rows, classes];
      const result = await crossEntropy(tensor(problem.logits, shape), tensor(hot, shape), {
        labelSmoothing,
        temperature,
        reduction: "none",
        gradients: ["logits"],
        backend,
      });
      const plain = await solve(problem);
      same("loss", await read(result.loss), plain.loss, value);
      same("gradient", await read(result.gradients.logits), plain.gradient, slope);
      result.destroy();
    }),
  };
}
