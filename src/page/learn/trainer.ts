import { type AnyLoss, type Plan, tensor } from "../../index.js";
import { Random } from "../check/random.js";
import { theLoss } from "../parts/registry.js";
import { session } from "../parts/session.js";
import { CONTEXT, Model } from "./model.js";
import { alphabet, encoded } from "./text.js";

export const BATCH = 64;
const PLACES = encoded.length - CONTEXT;
/** Places that are never trained on, spread over the text. */
const isHeldOut = (place: number): boolean => place % 17 === 0;

type Options = Readonly<Record<string, unknown>>;

/** Trains the model with whatever loss it is given: logits go to the device, loss and gradient come back. */
export class Trainer {
  readonly model: Model = new Model(alphabet.length);
  steps = 0;
  readonly #random = new Random("batches");
  #loss: AnyLoss;
  #options: Options;
  #plan: Plan | undefined;
  constructor(loss: AnyLoss, options: Options) {
    this.#loss = loss;
    this.#options = options;
  }

  /** Goes on with another loss; what was learned stays. */
  swap(loss: AnyLoss, options: Options): void {
    this.#loss = loss;
    this.#options = options;
    this.forget();
  }

  /** The plan belongs to a device that may be gone. */
  forget(): void {
    try {
      this.#plan?.destroy();
    } catch {
      // A lost device has freed it already.
    }
    this.#plan = undefined;
  }

  async step(rate: number): Promise<number> {
    const places = Array.from({ length: BATCH }, () => this.#place());
    const { contexts, targets } = batch(places);
    const logits = this.model.forward(contexts, BATCH);
    const [input] = Object.keys(this.#loss.spec.inputs) as [string];
    this.#plan ??= await this.#makePlan(input);
    const result = this.#plan.run({ [input]: logits, targets });
    const value = await result.loss.item();
    const gradient = await (result.gradients as Record<string, typeof result.loss>)[input]?.read();
    if (!gradient) throw new Error(`${this.#loss.spec.name} gave no gradient`);
    this.model.backward(gradient as Float32Array);
    this.model.step(rate);
    this.steps += 1;
    return value;
  }

  /** Cross-entropy in bits per letter on the places that are held out: the same yardstick for every loss. */
  async bits(): Promise<number> {
    const places = Array.from({ length: PLACES }, (_, place) => place).filter(isHeldOut);
    const { contexts, targets } = batch(places);
    const logits = tensor(this.model.forward(contexts, places.length), [
      places.length,
      alphabet.length,
    ]);
    const { backend } = await session();
    const result = await theLoss("crossEntropy")(...([logits, targets, { backend }] as never[]));
    const nats = await result.loss.item();
    result.destroy();
    return nats / Math.LN2;
  }

  /** What the model writes by itself. */
  write(length: number, temperature = 0.6): string {
    const context = encoded.slice(0, CONTEXT);
    let out = "";
    for (let i = 0; i < length; i++) {
      const logits = this.model.forward(context, 1);
      const max = Math.max(...logits);
      const weights = Array.from(logits, (z) => Math.exp((z - max) / temperature));
      let rest = this.#random.next() * weights.reduce((a, b) => a + b, 0);
      let letter = 0;
      while (letter < weights.length - 1 && rest > (weights[letter] as number))
        rest -= weights[letter++] as number;
      out += alphabet[letter];
      context.copyWithin(0, 1);
      context[CONTEXT - 1] = letter;
    }
    return out;
  }

  #place(): number {
    for (;;) {
      const place = this.#random.below(PLACES);
      if (!isHeldOut(place)) return place;
    }
  }

  async #makePlan(input: string): Promise<Plan> {
    const { backend, reference } = await session();
    const where = this.#loss.spec.gpu ? backend : reference;
    const options = { ...this.#options, backend: where, gradients: [input] };
    return this.#loss.plan(
      { [input]: [BATCH, alphabet.length], targets: [BATCH] },
      options as never,
    );
  }
}

function batch(places: readonly number[]): { contexts: Uint8Array; targets: Int32Array } {
  const contexts = new Uint8Array(places.length * CONTEXT);
  for (const [row, place] of places.entries())
    contexts.set(encoded.subarray(place, place + CONTEXT), row * CONTEXT);
  return {
    contexts,
    targets: Int32Array.from(places, (place) => encoded[place + CONTEXT] as number),
  };
}
