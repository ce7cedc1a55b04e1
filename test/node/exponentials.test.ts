import { expect, test } from "vitest";
import { expOfNegative, exponentials, fractions } from "../../src/cpu/exponentials.js";
import { RowBlock } from "../../src/cpu/rowBlock.js";
import { vectorised } from "../../src/cpu/vectorised.js";
import { randomFrom } from "../random.js";

test("is exp to within 5e-16 wherever that is a normal number", () => {
  const random = randomFrom(5);
  let worst = 0;
  for (let run = 0; run < 200_000; run++) {
    const x = -708 * random() ** 3;
    worst = Math.max(worst, Math.abs(expOfNegative(x) / Math.exp(x) - 1));
  }
  expect(worst).toBeLessThan(5e-16);
  expect(worst).toBeGreaterThan(0);
});

test("is exact where there is nothing to round", () => {
  expect(expOfNegative(0)).toBe(1);
  expect(expOfNegative(-1e-300)).toBe(1);
  expect(expOfNegative(Number.NEGATIVE_INFINITY)).toBe(0);
  expect(expOfNegative(-708.1)).toBe(0);
  expect(expOfNegative(-1e308)).toBe(0);
  expect(expOfNegative(Number.NaN)).toBeNaN();
});

test("a row's sum leaves its maximum out, but for others that are as large", () => {
  const row = (...numbers: number[]): number[] => {
    const data = Float64Array.of(0, 0, ...numbers);
    exponentials(data, 0, 1, data.length);
    return [...data];
  };
  const [a, b] = [expOfNegative(-4), expOfNegative(-1)];
  expect(row(-1, 3, 2, Number.NEGATIVE_INFINITY)).toEqual([3, a + b, a, 1, b, 0]);
  expect(row(3, 3, 2, 3)).toEqual([3, b + 2, 1, 1, b, 1]);
  expect(row(1, Number.NaN)).toEqual([1, Number.NaN, 1, Number.NaN]);
  expect(row(0, Number.POSITIVE_INFINITY)[1]).toBeNaN();
});

/** Rows as logits come: near and far apart, whole and tied, and with everything in them that is no number. */
function rowsOf(pitch: number, rows: number): Float64Array {
  const random = randomFrom(9);
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e308, -1e308];
  const spreads = [1, 20, 1400, 1e-3];
  // Payloads of NaN in which a shift would find an exponent.
  odd.push(new Float64Array(new BigUint64Array([0x7ff8_0000_ffff_ffffn]).buffer)[0] as number);
  return Float64Array.from({ length: rows * pitch }, (_, at) => {
    const row = Math.floor(at / pitch);
    const x = (random() - 0.5) * (spreads[row % spreads.length] as number);
    if (row % 5 === 1) return Math.round(x);
    return row % 7 === 2 && random() < 0.1 ? (odd[Math.floor(random() * odd.length)] as number) : x;
  });
}

/** The module's memory, with room for so many float64s behind the table. */
function roomFor(count: number): {
  found: Exclude<ReturnType<typeof vectorised>, false>;
  start: number;
} {
  const found = vectorised();
  if (!found) throw new Error("this engine has WebAssembly, and the module should open");
  const start = fractions.length;
  const missing = 8 * (start + count) - found.memory.buffer.byteLength;
  if (missing > 0) found.memory.grow(Math.ceil(missing / 65_536));
  return { found, start };
}

test.each([2, 4, 10, 64, 1002])("WebAssembly has the same bits, in rows of %i", (classes) => {
  const pitch = classes + 2;
  const rows = Math.min(200, Math.floor(4000 / pitch) + 20);
  const given = rowsOf(pitch, rows);
  const { found, start } = roomFor(given.length);
  const memory = new Float64Array(found.memory.buffer);
  memory.set(given, start);
  found.exponentials(8 * start, rows, 8 * pitch);
  exponentials(given, 0, rows, pitch);
  const got = memory.slice(start, start + given.length);
  const differing = given.findIndex((value, at) => !Object.is(value, got[at]));
  expect(`${differing}: ${got[differing]}`).toBe(`-1: ${given[-1]}`);
});

test.each([1, 2, 7, 10, 999])(
  "rows of %i numbers come from a block as they went in, times factors",
  (classes) => {
    const rows = 9;
    const block = new RowBlock(classes, rows);
    const random = randomFrom(3);
    const given = Float32Array.from({ length: 2 * classes * rows }, () => random() - 0.5);
    const factors = Float64Array.from({ length: rows }, random);
    const from = 3 * classes;
    for (const [to, wide] of [
      [new Float32Array(given.length), Math.fround],
      [new Float64Array(given.length), Number],
    ] as const) {
      for (const source of [given, Float64Array.from(given), [...given]]) {
        // Row 2 comes apart from its neighbours, as where others are left out.
        block.read(0, 2, source, from);
        block.read(2, 1, source, from + 2 * classes);
        block.read(3, rows - 3, source, from + 3 * classes);
        block.write(0, rows, factors, to, classes);
        const wanted = given.subarray(from, from + rows * classes);
        const expected = Array.from(wanted, (x, at) =>
          wide(x * (factors[Math.floor(at / classes)] as number)),
        );
        expect([...to.subarray(classes, (rows + 1) * classes)]).toEqual(expected);
        expect(to.subarray(0, classes).some(Boolean)).toBe(false);
        expect(to.subarray((rows + 1) * classes).some(Boolean)).toBe(false);
      }
    }
  },
);
