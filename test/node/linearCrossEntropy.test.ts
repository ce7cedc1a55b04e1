import { describe, expect, test } from "vitest";
import {
  LossError,
  linearCrossEntropy,
  openBackend,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { assemble, bindingsOf } from "../../src/module.js";
import type { Program, Target } from "../../src/plan.js";
import { read } from "../against.js";
import { differenceError, f64 } from "../differences.js";
import { judge, layerOf } from "../layers.js";
import { validateWithNaga } from "../naga.js";
import { plannedProgram, target } from "../planners.js";

const backend = await openBackend({ kind: "cpu" });

describe("gradients are central differences of the value", () => {
  const rows = 4;
  const layer = layerOf(rows, 5, 3);
  const inputs = {
    hidden: f64(layer.hidden, [rows, 3]),
    linearWeight: f64(layer.weight, [5, 3]),
    targets: tensor(Int32Array.of(0, 4, -100, 2), [rows]),
  };
  const bias = f64(layer.bias, [5]);
  test.each([
    ["no options", {}],
    ["weights and smoothing", { weight: [1, 2, 0.5, 1, 3], labelSmoothing: 0.2 }],
    ["temperature, soft cap and z-loss", { temperature: 0.5, softcap: 4, zLoss: 0.1 }],
    ["factors", { sampleWeight: [1, 0.5, 2, 3], upstream: -2, reduction: "weightedMean" }],
  ])("%s", async (_, options) => {
    const all = { linearBias: bias, ...options };
    const { upstream: factor = 1, ...valueOptions } = all as typeof all & { upstream?: number };
    for (const name of ["hidden", "linearWeight", "linearBias"]) {
      const problem = { inputs, options: all, valueOptions, factor };
      const error = await differenceError(linearCrossEntropy, backend, name, problem);
      expect(error, name).toBeLessThan(1e-8);
    }
  });
});

test("many rows in blocks give what the rows give one by one", async () => {
  // 2^21 numbers make a block: three of them, the last one short.
  const layer = layerOf(9, 600_000, 2);
  const all = await judge(layer, { reduction: "none", backend });
  const losses = await read(all.loss);
  const toHidden = await read(all.gradients.hidden);
  for (const row of [0, 3, 8]) {
    const alone = {
      ...layer,
      hidden: layer.hidden.slice(row * 2, row * 2 + 2),
      labels: layer.labels.slice(row, row + 1),
      sizes: [1, 600_000, 2] as const,
    };
    const one = await judge(alone, { gradients: ["hidden"], reduction: "none", backend });
    expect(losses[row]).toBeCloseTo((await read(one.loss))[0] as number, 12);
    const slopes = await read(one.gradients.hidden);
    expect(toHidden[2 * row]).toBeCloseTo(slopes[0] as number, 12);
  }
});

/** A plan for sizes alone. */
function planned(sizes: readonly [number, number, number], options: object, on: Target): Program {
  const [rows, classes, depth] = sizes;
  const shapes = { hidden: [rows, depth], linearWeight: [classes, depth], targets: [rows] };
  return plannedProgram(linearCrossEntropy.spec, shapes, options, on, true);
}

describe.each([
  ["a software adapter", target({ software: true })],
  ["a GPU", target()],
  ["narrow bindings", target({ maxBinding: 2 ** 14 })],
])("planned for %s", (_, on) => {
  test("modules are accepted by naga and keep to 8 buffers", () => {
    const biased = { ...{ linearBias: tensor(new Float32Array(171), [171]) }, softcap: 3 };
    for (const options of [{}, { gradients: true }, { ...biased, gradients: true }]) {
      for (const { kernel } of planned([71, 171, 37], options, on).passes) {
        const text = assemble(kernel);
        validateWithNaga(text);
        expect(bindingsOf(text).length, kernel.label).toBeLessThanOrEqual(9);
      }
    }
  });
});

describe("memory", () => {
  const MiB = 2 ** 20;
  test.each([
    ["4096 rows of 768, 50 257 classes", [4096, 50_257, 768]],
    ["8192 rows of 2048, 151 936 classes", [8192, 151_936, 2048]],
    ["64 rows of 8, a million classes", [64, 2 ** 20, 8]],
  ] as const)("%s: the logits are never all there", (_, sizes) => {
    const [rows, classes, depth] = sizes;
    const fours = 4 * Math.ceil(classes / 4);
    const bytes = (options: object): number =>
      Object.values(planned(sizes, options, target()).buffers).reduce((sum, size) => sum + size, 0);
    // 64 MiB of logits with the hidden rows that make them, the weights in blocks; then the gradients themselves.
    const loss = fours * depth * 4 + rows * 16 + (1 + depth / classes) * 64 * MiB + MiB;
    expect(bytes({})).toBeLessThan(loss);
    const gradients = (rows + fours) * depth * 4 + (depth / classes) * 64 * MiB;
    expect(bytes({ gradients: true })).toBeLessThan(loss + gradients);
    expect(bytes({})).toBeLessThan(rows * classes * 4);
  });
});

const hidden = [
  [1, 2],
  [3, 4],
];
const weight = [
  [1, 0],
  [0, 1],
  [1, 1],
];
const flat = new Float32Array(6);
const whole = tensor(Int32Array.from([1, 2, 3, 4, 5, 6]), [3, 2]);

describe("a call that cannot be meant is refused by name", () => {
  test.each<[string, readonly unknown[], object, string, RegExp]>([
    [
      "a flat weight",
      [hidden, flat, [0, 1]],
      {},
      "SHAPE_MISMATCH",
      /linearWeight has 6 elements, expected \[classes, depth\]/,
    ],
    [
      "another depth",
      [[[1, 2, 3]], weight, [0]],
      {},
      "SHAPE_MISMATCH",
      /hidden has shape \[1,3\], expected \[…, 2\]/,
    ],
    [
      "a flat hidden of another size",
      [new Float32Array(5), weight, [0, 1]],
      {},
      "SHAPE_MISMATCH",
      /hidden has 5 numbers, expected 2 rows of 2/,
    ],
    [
      "no classes",
      [hidden, tensor(new Float32Array(0), [0, 2]), [0, 1]],
      {},
      "SHAPE_MISMATCH",
      /linearWeight of shape \[0,2\] makes no logits/,
    ],
    [
      "too few labels",
      [hidden, weight, [0]],
      {},
      "SHAPE_MISMATCH",
      /targets has 1 labels, hidden has 2 rows/,
    ],
    [
      "labels of another shape",
      [hidden, weight, [[0, 1]]],
      {},
      "SHAPE_MISMATCH",
      /targets has shape \[1,2\], hidden of shape \[2,2\] wants \[2\]/,
    ],
    [
      "a label outside",
      [hidden, weight, [0, 3]],
      {},
      "TARGET_OUT_OF_RANGE",
      /targets holds 3 at index 1, outside \[0, 3\)/,
    ],
    [
      "probabilities",
      [
        hidden,
        weight,
        [
          [1, 0, 0],
          [0, 1, 0],
        ],
      ],
      {},
      "UNSUPPORTED",
      /targets must be class numbers.*give crossEntropy the logits/,
    ],
    ["hidden of whole numbers", [whole, weight, [0, 1, 2]], {}, "DTYPE", /hidden has dtype i32/],
    [
      "a bias of another size",
      [hidden, weight, [0, 1]],
      { linearBias: [1, 2] },
      "SHAPE_MISMATCH",
      /linearBias has shape \[2\], expected \[3\]/,
    ],
    [
      "a gradient in place",
      [hidden, weight, [0, 1]],
      { gradients: { hidden: "inPlace" } },
      "UNSUPPORTED",
      /gradients\.hidden cannot be "inPlace".*use true/,
    ],
    [
      "smoothing beyond 1",
      [hidden, weight, [0, 1]],
      { labelSmoothing: 1.5 },
      "OPTION",
      /labelSmoothing/,
    ],
    ["a temperature of 0", [hidden, weight, [0, 1]], { temperature: 0 }, "OPTION", /temperature/],
    [
      "a temperature to learn",
      [hidden, weight, [0, 1]],
      { gradients: ["temperature"] },
      "OPTION",
      /gradients can name hidden, linearWeight; got/,
    ],
    [
      "perplexity of each row",
      [hidden, weight, [0, 1]],
      { outputs: ["perplexity"], reduction: "none" },
      "OPTION",
      /output perplexity needs/,
    ],
    [
      "a shift of one row",
      [[1, 2], weight, tensor(Int32Array.of(0), [])],
      { shift: true },
      "OPTION",
      /shift needs hidden of shape/,
    ],
  ])("%s", async (_, args, options, code, says) => {
    const call = linearCrossEntropy(...(args as [Tensor, Tensor, Tensor]), { ...options, backend });
    const error = await call.then(
      () => undefined,
      (cause) => cause,
    );
    expect(error).toBeInstanceOf(LossError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(says) });
    expect(error.message).toMatch(/^linearCrossEntropy: /);
  });
});
