/** Numbers that look random and are the same on every machine, so that a failure can be looked at again. */
export class Random {
  #state: number;
  constructor(seed: string) {
    // FNV-1a of the name: every case has numbers of its own.
    this.#state =
      [...seed].reduce(
        (hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16777619),
        2166136261,
      ) | 1;
  }

  /** In [0, 1), by xorshift32. */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) / 2 ** 32;
  }

  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** Nearly normal, by three uniform numbers. */
  normal(deviation: number): number {
    return (this.next() + this.next() + this.next() - 1.5) * 2 * deviation;
  }
}
