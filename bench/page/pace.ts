/** Contenders whose cost is the row, not the logit, would take minutes at some shapes: known in advance. */
export class Pace {
  readonly #perRow = new Map<string, number>();

  /** Of a few rows the call itself is most of the time, and says nothing. */
  learn(contender: string, rows: number, ms: number): void {
    if (rows < 256) return;
    const known = this.#perRow.get(contender) ?? Number.POSITIVE_INFINITY;
    this.#perRow.set(contender, Math.min(known, ms / rows));
  }

  /** Milliseconds that so many rows will take at least. */
  least(contender: string, rows: number): number {
    return (this.#perRow.get(contender) ?? 0) * rows;
  }
}
