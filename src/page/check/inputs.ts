import { type AnyLoss, tensor } from "../../index.js";
import { domainOf, rowOf, takesLabels } from "../scenes/domains.js";
import type { Random } from "./random.js";

export type Storage = "f32" | "f16" | "bf16";

/** What makes a case awkward. */
export type Twist = "plain" | "huge" | "minus infinity";

export interface Sizes {
  readonly rows: number;
  readonly columns: number;
}

export type Made = { readonly inputs: unknown[]; readonly options: Record<string, unknown> };

/** Floats in the storage that is to be checked; whole numbers stay what they are. */
export function stored(
  data: Float32Array | Int32Array,
  shape: readonly number[],
  storage: Storage,
): unknown {
  if (data instanceof Int32Array) return tensor(data, shape);
  return tensor(data, shape, { dtype: storage });
}

export const filled = (count: number, make: (i: number) => number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => make(i));

/** Shares that sum to 1 over each row of `columns`. */
export function shares(random: Random, { rows, columns }: Sizes): Float32Array {
  const out = filled(rows * columns, () => 0.05 + random.next());
  for (let row = 0; row < rows; row++) {
    const part = out.subarray(row * columns, (row + 1) * columns);
    const sum = part.reduce((a, b) => a + b, 0);
    for (let i = 0; i < columns; i++) part[i] = (part[i] as number) / sum;
  }
  return out;
}

/** Elements: each input within its own domain. */
export function elementInputs(
  loss: AnyLoss,
  random: Random,
  count: number,
  storage: Storage,
  twist: Twist,
): Made {
  const names = Object.keys(loss.spec.inputs);
  const inputs = names.map((name) => {
    const { min, max, choices } = domainOf(loss, name);
    const make = (i: number): number => {
      if (choices) return choices[random.below(choices.length)] as number;
      if (twist === "huge" && /^(logits|scores)$/.test(name))
        return (i % 2 ? -1 : 1) * random.between(9e3, 1e4);
      return random.between(min, max);
    };
    return stored(filled(count, make), [count], storage);
  });
  return { inputs, options: {} };
}

/** One input of a row loss. */
function rowInput(
  loss: AnyLoss,
  name: string,
  random: Random,
  sizes: Sizes,
  twist: Twist,
): Float32Array | Int32Array {
  const { rows, columns } = sizes;
  const count = rows * columns;
  if (/^log-?prob|^inputs$/i.test(name)) return shares(random, sizes).map(Math.log);
  const row = rowOf(loss, name) ?? [];
  if (name === "targets" && loss.spec.name === "multilabelMargin") {
    const out = new Int32Array(count).fill(-1);
    for (let r = 0; r < rows; r++)
      out.set(
        [random.below(columns >> 1), (columns >> 1) + random.below(columns >> 1)],
        r * columns,
      );
    return out;
  }
  if (name === "targets" && row.every((x) => x === 0 || x === 1))
    return filled(count, () => random.below(2));
  if (name === "targets") return shares(random, sizes);
  if (name === "relevance") return filled(count, () => random.next());
  if (twist === "huge") return filled(count, (i) => (i % 3 ? -1 : 1) * random.between(9e3, 1e4));
  const out = filled(count, () => random.normal(3));
  // Never the first class, which is then every row's label.
  if (twist === "minus infinity")
    for (let r = 0; r < rows; r++) out[r * columns + columns - 1] = Number.NEGATIVE_INFINITY;
  return out;
}

/** Rows of classes with a label each, or with a second row against them. */
export function rowInputs(
  loss: AnyLoss,
  random: Random,
  sizes: Sizes,
  storage: Storage,
  twist: Twist,
): Made {
  const { spec } = loss;
  const { rows, columns } = sizes;
  const inputs = Object.keys(spec.inputs).map((name) => {
    if (takesLabels(loss, name) && !rowOf(loss, name)) {
      return Int32Array.from({ length: rows }, () =>
        twist === "minus infinity" ? 0 : random.below(columns),
      );
    }
    return stored(rowInput(loss, name, random, sizes, twist), [rows, columns], storage);
  });
  if (!("costs" in spec.options)) return { inputs, options: {} };
  const costs = filled(columns * columns, (i) =>
    i % (columns + 1) === 0 ? 0 : random.between(0.5, 5),
  );
  return { inputs, options: { costs: tensor(costs, [columns, columns]) } };
}

/** Sets of vectors, with labels or signs beside them. */
export function vectorInputs(
  { spec }: AnyLoss,
  random: Random,
  { rows, columns }: Sizes,
  storage: Storage,
): Made {
  const inputs = Object.values(spec.inputs).map((role) => {
    if (role === "labels") return Int32Array.from({ length: rows }, (_, i) => i % 3);
    if (role === "data") {
      const low = spec.name === "contrastive" ? 0 : -1;
      return filled(rows, () => (random.below(2) ? 1 : low));
    }
    // Of the length that embeddings have, whatever their depth.
    return stored(
      filled(rows * columns, () => random.normal(Math.sqrt(5 / columns))),
      [rows, columns],
      storage,
    );
  });
  return { inputs, options: {} };
}
