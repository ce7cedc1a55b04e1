/** The value below which a share of the samples lies, between neighbours in proportion. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] as number;
  const high = sorted[Math.ceil(place)] as number;
  return low + (high - low) * (place - Math.floor(place));
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

/**
 * Of y = fixed + factor · x^exponent the exponent that comes nearest to the points, by the squares of relative distances;
 * `fixed` is 0 or more.
 */
export function exponentOf(points: readonly (readonly [x: number, y: number])[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let exponent = 0.5; exponent <= 1.5; exponent += 0.001) {
    // Divided by y all points weigh the same, and 1 is to be reached: two numbers by least squares.
    const terms = points.map(([x, y]) => [1 / y, x ** exponent / y] as const);
    const sum = (of: (term: readonly [number, number]) => number): number =>
      terms.reduce((total, term) => total + of(term), 0);
    const [aa, ab, bb] = [sum(([a]) => a * a), sum(([a, b]) => a * b), sum(([, b]) => b * b)];
    const [a1, b1] = [sum(([a]) => a), sum(([, b]) => b)];
    const fixed = Math.max((a1 * bb - b1 * ab) / (aa * bb - ab * ab), 0);
    const factor = (b1 - fixed * ab) / bb;
    const distance = sum(([a, b]) => (fixed * a + factor * b - 1) ** 2);
    if (distance < least) [best, least] = [exponent, distance];
  }
  return best;
}
