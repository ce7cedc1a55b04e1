import { fill, normalFrom, randomFrom } from "./random.js";

/** What a logit should never be and sometimes is, as bits: a number type would make all NaNs one. */
export const poisons: Readonly<Record<string, number>> = {
  NaN: 0x7fc00000,
  "a signalling NaN": 0x7f800001,
  "a negative NaN": 0xffffffff,
  Infinity: 0x7f800000,
  "-Infinity": 0xff800000,
  "the largest number": 0x7f7fffff,
  "the smallest number": 0xff7fffff,
  "the smallest subnormal": 0x00000001,
  "a negative subnormal": 0x80012345,
  "the largest subnormal": 0x007fffff,
  "-0": 0x80000000,
  "1e30": 0x7149f2ca,
  "-1e30": 0xf149f2ca,
  "3e38": 0x7f61b1e6,
};

/** Rows of `classes` words each, every poison at many places, and rows of nothing else. */
export function poisonedRows(classes: number, seed: number): { words: Uint32Array; rows: number } {
  const random = randomFrom(seed);
  const normal = normalFrom(seed + 1);
  const all = Object.values(poisons);
  const minus = poisons["-Infinity"] as number;
  const made: Uint32Array[] = [];
  const ordinary = (): Uint32Array =>
    new Uint32Array(Float32Array.from(fill(classes, () => 4 * normal())).buffer);
  const anywhere = (): number => Math.floor(random() * classes);
  for (const poison of all) {
    for (const place of [0, classes - 1, anywhere()])
      made.push(ordinary().fill(poison, place, place + 1));
    made.push(ordinary().fill(poison));
  }
  // Two poisons, half of a row masked, a row of one number and -Infinity, poisons at random.
  for (let count = 0; count < 8; count++) {
    const two = ordinary();
    for (let at = 0; at < 2; at++)
      two[anywhere()] = all[Math.floor(random() * all.length)] as number;
    made.push(two);
    made.push(ordinary().map((word) => (random() < 0.5 ? minus : word)));
    const lonely = new Uint32Array(classes).fill(minus);
    lonely[anywhere()] = 0x3f800000;
    made.push(lonely);
    made.push(
      ordinary().map(
        (word) => (random() < 0.5 ? all[Math.floor(random() * all.length)] : word) as number,
      ),
    );
  }
  const words = new Uint32Array(made.length * classes);
  for (const [row, part] of made.entries()) words.set(part, row * classes);
  return { words, rows: made.length };
}

/** The numbers of those words, through their bits. */
export const numbersOf = (words: Uint32Array): Float32Array => new Float32Array(words.buffer);

/** One row's options, all numbers. */
export interface RowOptions {
  readonly temperature?: number;
  readonly softcap?: number;
  readonly zLoss?: number;
}

/**
 * Loss and gradient of one row from target masses q, as SEMANTICS states them: not the library's code, but the shortest
 * that follows the rules. NaN or +Infinity anywhere, or nothing but -Infinity: all is NaN. 0 · log 0 is 0.
 */
export function expectedRow(
  logits: ArrayLike<number>,
  q: ArrayLike<number>,
  { temperature = 1, softcap = 0, zLoss = 0 }: RowOptions,
): { value: number; gradient: number[]; scale: number } {
  const u = Array.from(logits, (z) => {
    const scaled = z / temperature;
    return softcap > 0 ? softcap * Math.tanh(scaled / softcap) : scaled;
  });
  const peak = u.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(peak)) {
    return { value: Number.NaN, gradient: u.map(() => Number.NaN), scale: 1 };
  }
  const sum = u.reduce((total, x) => total + Math.exp(x - peak), 0);
  const lse = peak + Math.log(sum);
  const mass = Array.from(q).reduce((total, share) => total + share, 0);
  let value = zLoss * lse * lse;
  for (const [c, x] of u.entries()) {
    const share = q[c] as number;
    if (share !== 0) value += share * (peak - x + Math.log(sum));
  }
  const push = mass + 2 * zLoss * lse;
  const gradient = u.map((x, c) => {
    const slack = softcap > 0 ? 1 - (x / softcap) ** 2 : 1;
    return ((push * (Math.exp(x - peak) / sum) - (q[c] as number)) * slack) / temperature;
  });
  const scale = (mass + Math.abs(2 * zLoss * lse)) / temperature;
  return { value, gradient, scale: scale * (1 + softcap / 4) };
}
