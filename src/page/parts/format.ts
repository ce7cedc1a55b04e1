const MINUS = "\u2212";
const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

const raised = (exponent: number): string =>
  (exponent < 0 ? "⁻" : "") +
  [...String(Math.abs(exponent))].map((digit) => superscripts[Number(digit)]).join("");

/** A number for reading: `digits` significant ones, a true minus, powers of ten where that is shorter. */
export function num(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e7) {
    const [mantissa, exponent] = value.toExponential(Math.max(digits - 2, 0)).split("e");
    return `${mantissa?.replace("-", MINUS)} × 10${raised(Number(exponent))}`;
  }
  return Number(value.toPrecision(digits))
    .toLocaleString("en", { maximumSignificantDigits: digits, useGrouping: size >= 1e4 })
    .replace("-", MINUS);
}

/** A number with a fixed count of decimals, so that columns of them line up. */
export const fixed = (value: number, decimals = 3): string =>
  Number.isFinite(value)
    ? (Object.is(Number(value.toFixed(decimals)), -0) ? 0 : value)
        .toFixed(decimals)
        .replace("-", MINUS)
    : num(value);

/** One significant error, as in "3.1e-7": for tables of errors. */
export const tiny = (value: number): string =>
  value === 0
    ? "0"
    : Number.isFinite(value)
      ? value.toExponential(1).replace("-", MINUS)
      : num(value);

export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let size = value;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size >= 100 || Number.isInteger(size) ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

/** Whole numbers with thin groups: 50 257. */
export const whole = (value: number): string =>
  Math.round(value).toLocaleString("en").replaceAll(",", "\u202f");

export function milliseconds(value: number): string {
  if (value >= 2000) return `${(value / 1000).toFixed(1)} s`;
  return `${value >= 100 ? Math.round(value) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ms`;
}

export const percent = (share: number): string =>
  `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;

/** "labelSmoothing" as "label smoothing". */
export const words = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .toLowerCase();
