/** Deterministic numbers, so that every contender and every run sees the same problem (xorshift32). */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  /** In [0, 1). */
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

  /** Nearly normal, by three uniform numbers: a problem of millions must be made in moments. */
  normals(count: number, deviation: number): Float32Array<ArrayBuffer> {
    const out = new Float32Array(count);
    const scale = deviation * 2;
    for (let at = 0; at < count; at++) {
      out[at] = (this.next() + this.next() + this.next() - 1.5) * scale;
    }
    return out;
  }
}
