import { clamp } from "../parts/clamp.js";
/** A linear map from numbers to pixels. */
export interface Scale {
  readonly domain: readonly [number, number];
  at(value: number): number;
  invert(pixel: number): number;
}

export function linear(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [d0, d1] = domain;
  const [r0, r1] = range;
  const slope = (r1 - r0) / (d1 - d0 || 1);
  return {
    domain,
    at: (value) => r0 + (value - d0) * slope,
    invert: (pixel) => d0 + (pixel - r0) / (slope || 1),
  };
}

/** A step of 1, 2 or 5 times a power of ten that cuts `span` into about `count` pieces. */
export function niceStep(span: number, count: number): number {
  const raw = span / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  const ratio = raw / power;
  return power * (ratio < 1.5 ? 1 : ratio < 3.5 ? 2 : ratio < 7.5 ? 5 : 10);
}

/** Round numbers inside a domain. */
export function ticks([low, high]: readonly [number, number], count: number): number[] {
  const step = niceStep(high - low, count);
  if (!(step > 0) || !Number.isFinite(step)) return [low];
  const out: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    out.push(i * step);
  return out;
}

/** Ticks as text, all with the decimals that the finest needs. */
export function tickTexts(values: readonly number[]): string[] {
  const step =
    values.length > 1
      ? Math.abs((values[1] as number) - (values[0] as number))
      : Math.abs(values[0] ?? 1);
  const largest = Math.max(...values.map(Math.abs));
  if (largest >= 1e5 || (step < 1e-4 && step > 0)) {
    return values.map((v) =>
      v === 0 ? "0" : v.toExponential(0).replace("e+", "e").replaceAll("-", "−"),
    );
  }
  const decimals = clamp(Math.ceil(-Math.log10(step || 1) - 1e-9), 0, 6);
  return values.map((v) => (Math.abs(v) < step / 1e6 ? 0 : v).toFixed(decimals).replace("-", "−"));
}

/** The range of finite numbers, with a margin, rounded out to `nice` ends; zero is kept in where it is near. */
export function niceDomain(
  lists: readonly ArrayLike<number>[],
  given: { readonly min?: number | undefined; readonly max?: number | undefined } = {},
): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const value = list[i] as number;
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) [low, high] = [0, 1];
  if (low > 0 && low < 0.4 * high) low = 0;
  if (high < 0 && high > 0.4 * low) high = 0;
  if (low === high)
    [low, high] = low === 0 ? [-1, 1] : [Math.min(0, 2 * low), Math.max(0, 2 * high)];
  const step = niceStep(high - low, 5);
  low = given.min ?? Math.floor(low / step + 1e-9) * step;
  high = given.max ?? Math.ceil(high / step - 1e-9) * step;
  return high > low ? [low, high] : [low, low + 1];
}
