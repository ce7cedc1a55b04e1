import { describe, expect, test } from "vitest";
import { type Backend, crossEntropy, tensor } from "../../src/index.js";
import { openAsHardware, openSoftware, read } from "../against.js";
import { rowsOfAll } from "../distributions.js";
import { fill, randomFrom } from "../random.js";

const software = await openSoftware();
const hardware = await openAsHardware();

const RUNS = 100;
/** Wide workgroups are slow where they are only emulated. */
const FEWER = 20;
const bitsOf = (numbers: Float32Array): Uint32Array =>
  new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);

describe("the same call gives the same bits in every run", () => {
  test.each<[string, Backend, number, number, number]>([
    ["11 rows of 7 classes", software, 1, 7, RUNS],
    ["110 rows of 1000 classes", software, 10, 1000, RUNS],
    ["11 rows of 9001 classes", software, 1, 9001, RUNS],
    ["11 rows of 300 classes, planned as for a GPU", hardware, 1, 300, FEWER],
    ["11 rows of 5003 classes, planned as for a GPU", hardware, 1, 5003, FEWER],
  ])("%s", async (_, backend, each, classes, runs) => {
    const { logits, labels, rows } = rowsOfAll(each, classes, 3);
    const options = { labelSmoothing: 0.1, gradients: true, backend } as const;
    const shapes = { logits: [rows, classes], targets: [rows] };
    const plan = await crossEntropy.plan(shapes, options);
    let first: { loss: Uint32Array; gradient: Uint32Array } | undefined;
    for (let run = 0; run < runs; run++) {
      const result = plan.run({ logits, targets: labels });
      const loss = bitsOf(await read(result.loss));
      const gradient = bitsOf(await read(result.gradients["logits"]));
      first ??= { loss, gradient };
      expect(loss, `run ${run}`).toEqual(first.loss);
      // Compared by hand: a deep comparison of a million numbers takes longer than making them.
      const known = first.gradient;
      expect(
        gradient.every((bits, at) => bits === known[at]),
        `run ${run}`,
      ).toBe(true);
    }
    plan.destroy();
  });

  test("a sum over 20 000 rows, and the slope of its temperature", async () => {
    const rows = 20_000;
    const random = randomFrom(5);
    const logits = tensor(Float32Array.from(fill(rows * 3, random)), [rows, 3]);
    const targets = new Uint8Array(rows);
    const temperature = tensor([2], []);
    const options = { temperature, gradients: ["temperature"], backend: software } as const;
    const seen = new Set<string>();
    for (let run = 0; run < 10; run++) {
      const result = await crossEntropy(logits, targets, options);
      const slope = await read(result.gradients.temperature);
      seen.add(`${bitsOf(await read(result.loss))} ${bitsOf(slope)}`);
      result.destroy();
    }
    expect(seen.size).toBe(1);
  });
});

describe("the same row gives the same bits", () => {
  // Rows of more classes are summed in lines of 64 bytes: theirs begin alike.
  test.each([37, 112])(
    "of %i classes, wherever it stands and whatever stands beside it",
    async (classes) => {
      const { logits, labels, rows } = rowsOfAll(2, classes, 9);
      const run = async (order: readonly number[]): Promise<Map<number, number>> => {
        const moved = new Float32Array(rows * classes);
        for (const [to, from] of order.entries()) {
          moved.set(logits.subarray(from * classes, (from + 1) * classes), to * classes);
        }
        const targets = Int32Array.from(order, (from) => labels[from] as number);
        const options = { reduction: "none", backend: software } as const;
        const { loss } = await crossEntropy(tensor(moved, [rows, classes]), targets, options);
        const bits = bitsOf(await read(loss));
        return new Map(order.map((from, to) => [from, bits[to] as number]));
      };
      const straight = Array.from({ length: rows }, (_, row) => row);
      const turned = await run(straight.toReversed());
      for (const [row, bits] of await run(straight))
        expect(turned.get(row), `row ${row}`).toBe(bits);
    },
  );

  test("with its gradient or without", async () => {
    const { logits, labels, rows } = rowsOfAll(2, 37, 10);
    const input = tensor(logits, [rows, 37]);
    const options = { reduction: "none", backend: software } as const;
    const alone = await crossEntropy(input, labels, options);
    const both = await crossEntropy(input, labels, { ...options, gradients: true });
    expect(bitsOf(await read(alone.loss))).toEqual(bitsOf(await read(both.loss)));
  });
});
