import { normalFrom, randomFrom } from "./random.js";

/** Writes one row of logits; `label` is the class that the row is scored against. */
export type Distribution = (row: Float32Array, label: number, seed: number) => void;

const each = (row: Float32Array, make: (index: number) => number): void => {
  for (let index = 0; index < row.length; index++) row[index] = make(index);
};

/** Rows that have broken one softmax or another; each name says what is hard about it. */
export const distributions: Readonly<Record<string, Distribution>> = {
  "as a fresh network gives them": (row, _, seed) => {
    const normal = normalFrom(seed);
    each(row, () => normal());
  },
  "all equal": (row, _, seed) => each(row, () => seed % 7),
  "spread over ±50": (row, _, seed) => {
    const normal = normalFrom(seed);
    each(row, () => 20 * normal());
  },
  "near 10 000": (row, _, seed) => {
    const normal = normalFrom(seed);
    each(row, () => 1e4 + normal());
  },
  "near -10 000": (row, _, seed) => {
    const normal = normalFrom(seed);
    each(row, () => 3 * normal() - 1e4);
  },
  ascending: (row) => each(row, (index) => (40 * index) / row.length),
  descending: (row) => each(row, (index) => (-40 * index) / row.length),
  "confident and right": (row, label, seed) => {
    const random = randomFrom(seed);
    each(row, () => -random());
    row[label] = 25;
  },
  "confident and wrong": (row, label, seed) => {
    const random = randomFrom(seed);
    each(row, () => -random());
    row[(label + 1) % row.length] = 30;
  },
  "masked by -Infinity, half of them": (row, label, seed) => {
    const normal = normalFrom(seed);
    each(row, (index) => (index % 2 === 0 ? normal() : Number.NEGATIVE_INFINITY));
    row[label] = 1;
  },
  "differing by less than a millionth": (row, _, seed) => {
    const random = randomFrom(seed);
    each(row, () => 1e-6 * random());
  },
};

/** Rows of every distribution in turn, `each` of each, and a label for every row. */
export function rowsOfAll(
  each: number,
  classes: number,
  seed: number,
): { logits: Float32Array; labels: Int32Array; rows: number } {
  const makers = Object.values(distributions);
  const rows = makers.length * each;
  const random = randomFrom(seed);
  const logits = new Float32Array(rows * classes);
  const labels = Int32Array.from({ length: rows }, () => Math.floor(random() * classes));
  for (let row = 0; row < rows; row++) {
    const part = logits.subarray(row * classes, (row + 1) * classes);
    makers[row % makers.length]?.(part, labels[row] as number, seed + row);
  }
  return { logits, labels, rows };
}
