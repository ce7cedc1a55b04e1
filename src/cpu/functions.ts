/** log(1 + e^x), exact on both sides. */
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** 1 / (1 + e^-x), exact where it is tiny. */
export function sigmoid(x: number): number {
  const t = Math.exp(-Math.abs(x));
  return (x < 0 ? t : 1) / (1 + t);
}

/** factor × x with 0 × infinity = 0: what has no weight adds nothing. */
export const weighted = (factor: number, x: number): number => (factor === 0 ? 0 : factor * x);
