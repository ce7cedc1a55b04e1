import { type Backend, crossEntropy, tensor } from "../src/index.js";
import { excess, limits, read } from "./against.js";
import { expectedRow, numbersOf, poisonedRows, type RowOptions } from "./poison.js";
import { fill, randomFrom } from "./random.js";

/** A setting under which poisoned rows are tried. */
export interface Setting extends RowOptions {
  readonly title: string;
  readonly classes: number;
  readonly labelSmoothing?: number;
  readonly weighted?: boolean;
  /** Targets are probabilities, 0 on some classes. */
  readonly soft?: boolean;
}

export const settings: readonly Setting[] = [
  { title: "plain, one class", classes: 1 },
  { title: "plain, 7 classes", classes: 7 },
  { title: "plain, 131 classes", classes: 131 },
  { title: "smoothed", classes: 33, labelSmoothing: 0.125 },
  { title: "weighted", classes: 33, weighted: true },
  { title: "smoothed and weighted", classes: 9, labelSmoothing: 0.25, weighted: true },
  { title: "temperature 0.5", classes: 33, temperature: 0.5 },
  { title: "temperature 2, z-loss", classes: 21, temperature: 2, zLoss: 0.0009765625 },
  { title: "softcap 30", classes: 33, softcap: 30 },
  {
    title: "softcap 8, temperature 0.5, smoothed",
    classes: 19,
    softcap: 8,
    temperature: 0.5,
    labelSmoothing: 0.125,
  },
  { title: "probabilities", classes: 33, soft: true },
  {
    title: "probabilities, smoothed and weighted",
    classes: 17,
    soft: true,
    labelSmoothing: 0.25,
    weighted: true,
  },
];

/** Rows tried and what was wrong with them. */
export async function tryPoison(
  setting: Setting,
  backend: Backend,
  exact: boolean,
): Promise<{ rows: number; wrong: string[] }> {
  const { classes, labelSmoothing = 0, weighted = false, soft = false } = setting;
  const { temperature = 1, softcap = 0, zLoss = 0 } = setting;
  const { words, rows } = poisonedRows(classes, classes);
  const random = randomFrom(classes + 2);
  // Each row's label goes on by one, so that poison lies under it, before it and behind it.
  const labels = Int32Array.from({ length: rows }, (_, row) => (row * 5 + (row >> 2)) % classes);
  const shares = Float32Array.from(
    fill(rows * classes, () => (random() < 0.3 ? 0 : Math.round(8 * random()) / 8)),
  );
  const weight = Float32Array.from(fill(classes, () => 0.5 + Math.round(4 * random()) / 4));
  const logits = numbersOf(words);
  const result = await crossEntropy(
    tensor(logits, [rows, classes]),
    soft ? tensor(shares, [rows, classes]) : labels,
    {
      reduction: "none",
      gradients: ["logits"],
      labelSmoothing,
      temperature,
      softcap,
      zLoss,
      ...(weighted ? { weight } : {}),
      backend,
    },
  );
  const values = await read(result.loss);
  const gradient = await read(result.gradients.logits);
  result.destroy();
  const wrong: string[] = [];
  for (let row = 0; row < rows; row++) {
    const part = logits.subarray(row * classes, (row + 1) * classes);
    const q = fill(classes, (c) => {
      const target = soft ? (shares[row * classes + c] as number) : Number(c === labels[row]);
      const share = (1 - labelSmoothing) * target + labelSmoothing / classes;
      return share * (weighted ? (weight[c] as number) : 1);
    });
    const expected = expectedRow(part, q, setting);
    const relative = exact ? 1e-6 : 1;
    const found = values[row] as number;
    // A capped logit is rounded to float32 in proportion to the cap.
    const lossLimit = limits.loss(expected.value) * relative * (1 + softcap / 8);
    // Where a loss is a sum of several, float32 overflows before it: infinite from 1e37 on is right.
    const isSum = labelSmoothing > 0 || weighted || soft;
    const isHuge = !exact && Math.abs(expected.value) > (isSum ? 1e37 : 3.39e38);
    const isRight = isHuge && found === Math.sign(expected.value) * Number.POSITIVE_INFINITY;
    if (!isRight && excess(found, expected.value, lossLimit) > 1) {
      wrong.push(`row ${row}: loss ${found}, expected ${expected.value} of ${describe(part)}`);
    }
    for (let c = 0; c < classes; c++) {
      const got = gradient[row * classes + c] as number;
      const want = expected.gradient[c] as number;
      if (excess(got, want, limits.gradient * expected.scale * relative) <= 1) continue;
      wrong.push(`row ${row}: gradient[${c}] ${got}, expected ${want} of ${describe(part)}`);
      break;
    }
  }
  return { rows, wrong };
}

const describe = (row: Float32Array): string =>
  row.length > 12 ? `[${row.slice(0, 12).join(", ")}, …]` : `[${row.join(", ")}]`;
