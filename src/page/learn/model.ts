import { Random } from "../check/random.js";

/** Letters that the model sees, numbers per letter, and width of its one hidden layer. */
export const CONTEXT = 8;
const EMBEDDING = 10;
const HIDDEN = 64;
const INPUT = CONTEXT * EMBEDDING;

interface Parameter {
  readonly values: Float32Array;
  readonly gradient: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
}

function parameter(random: Random, size: number, deviation: number): Parameter {
  const values = Float32Array.from({ length: size }, () =>
    deviation === 0 ? 0 : random.normal(deviation),
  );
  return {
    values,
    gradient: new Float32Array(size),
    first: new Float32Array(size),
    second: new Float32Array(size),
  };
}

/**
 * A letter model: embeddings, one tanh layer, logits. It holds the chain rule from the logits back to its parameters;
 * what the logits' gradient is, only the loss knows.
 */
export class Model {
  readonly letters: number;
  readonly #embedding: Parameter;
  readonly #weights1: Parameter;
  readonly #bias1: Parameter;
  readonly #weights2: Parameter;
  readonly #bias2: Parameter;
  readonly #all: readonly Parameter[];
  #steps = 0;
  #contexts: Uint8Array = new Uint8Array(0);
  #inputs = new Float32Array(0);
  #hidden = new Float32Array(0);
  constructor(letters: number, seed = "Jack") {
    const random = new Random(seed);
    this.letters = letters;
    this.#embedding = parameter(random, letters * EMBEDDING, 0.5);
    this.#weights1 = parameter(random, INPUT * HIDDEN, 1 / Math.sqrt(INPUT));
    this.#bias1 = parameter(random, HIDDEN, 0);
    this.#weights2 = parameter(random, HIDDEN * letters, 0.3 / Math.sqrt(HIDDEN));
    this.#bias2 = parameter(random, letters, 0);
    this.#all = [this.#embedding, this.#weights1, this.#bias1, this.#weights2, this.#bias2];
  }

  get size(): number {
    return this.#all.reduce((sum, { values }) => sum + values.length, 0);
  }

  /** Logits (rows, letters) of `rows` contexts that lie one after the other. */
  forward(contexts: Uint8Array, rows: number): Float32Array<ArrayBuffer> {
    const { letters } = this;
    const x = new Float32Array(rows * INPUT);
    for (let i = 0; i < rows * CONTEXT; i++) {
      const from = (contexts[i] as number) * EMBEDDING;
      x.set(this.#embedding.values.subarray(from, from + EMBEDDING), i * EMBEDDING);
    }
    const hidden = product(x, this.#weights1.values, this.#bias1.values, rows, INPUT, HIDDEN);
    for (let i = 0; i < hidden.length; i++) hidden[i] = Math.tanh(hidden[i] as number);
    this.#contexts = contexts;
    this.#inputs = x;
    this.#hidden = hidden;
    return product(hidden, this.#weights2.values, this.#bias2.values, rows, HIDDEN, letters);
  }

  /** Carries the gradient of the last logits back to every parameter. */
  backward(slopes: ArrayLike<number>): void {
    const { letters } = this;
    const rows = this.#hidden.length / HIDDEN;
    for (const { gradient } of this.#all) gradient.fill(0);
    const toHidden = carry(
      slopes,
      this.#hidden,
      this.#weights2,
      this.#bias2,
      rows,
      HIDDEN,
      letters,
    );
    for (let i = 0; i < toHidden.length; i++) {
      const y = this.#hidden[i] as number;
      toHidden[i] = (toHidden[i] as number) * (1 - y * y);
    }
    const toInputs = carry(
      toHidden,
      this.#inputs,
      this.#weights1,
      this.#bias1,
      rows,
      INPUT,
      HIDDEN,
    );
    for (let i = 0; i < rows * CONTEXT; i++) {
      const to = (this.#contexts[i] as number) * EMBEDDING;
      for (let k = 0; k < EMBEDDING; k++) {
        const { gradient } = this.#embedding;
        gradient[to + k] = (gradient[to + k] as number) + (toInputs[i * EMBEDDING + k] as number);
      }
    }
  }

  /** One step of Adam. */
  step(rate: number): void {
    this.#steps += 1;
    const unbias1 = 1 - 0.9 ** this.#steps;
    const unbias2 = 1 - 0.999 ** this.#steps;
    for (const { values, gradient, first, second } of this.#all) {
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i] as number;
        const m = 0.9 * (first[i] as number) + 0.1 * g;
        const v = 0.999 * (second[i] as number) + 0.001 * g * g;
        first[i] = m;
        second[i] = v;
        values[i] = (values[i] as number) - (rate * m) / unbias1 / (Math.sqrt(v / unbias2) + 1e-8);
      }
    }
  }
}

/** x·W + b. */
function product(
  x: Float32Array,
  weights: Float32Array,
  bias: Float32Array,
  rows: number,
  width: number,
  height: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rows * height);
  for (let row = 0; row < rows; row++) {
    const to = out.subarray(row * height, (row + 1) * height);
    to.set(bias);
    for (let k = 0; k < width; k++) {
      const factor = x[row * width + k] as number;
      const from = k * height;
      for (let j = 0; j < height; j++)
        to[j] = (to[j] as number) + factor * (weights[from + j] as number);
    }
  }
  return out;
}

/** From the slopes of x·W + b to those of W and b, which are added up, and of x, which is returned. */
function carry(
  slopes: ArrayLike<number>,
  x: Float32Array,
  weights: Parameter,
  bias: Parameter,
  rows: number,
  width: number,
  height: number,
): Float32Array {
  const out = new Float32Array(rows * width);
  const { values, gradient } = weights;
  for (let row = 0; row < rows; row++) {
    const first = row * height;
    for (let j = 0; j < height; j++)
      bias.gradient[j] = (bias.gradient[j] as number) + (slopes[first + j] as number);
    for (let k = 0; k < width; k++) {
      const factor = x[row * width + k] as number;
      const from = k * height;
      let sum = 0;
      for (let j = 0; j < height; j++) {
        const slope = slopes[first + j] as number;
        sum += slope * (values[from + j] as number);
        gradient[from + j] = (gradient[from + j] as number) + factor * slope;
      }
      out[row * width + k] = sum;
    }
  }
  return out;
}
