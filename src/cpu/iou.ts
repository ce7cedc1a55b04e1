import type { BoxGeometry } from "../losses/iou.js";
import type { Request } from "../request.js";
import type { CpuArray, CpuOutcome } from "../spec.js";
import { reduceValues, rowFactors } from "./factors.js";

type Box = readonly [x1: number, y1: number, x2: number, y2: number];

/** A number and its derivatives by the four corners of both boxes. */
interface Traced {
  readonly value: number;
  readonly slopes: readonly number[];
}
const traced = (value: number, slopes: readonly number[]): Traced => ({ value, slopes });
const broken = (): Traced => traced(Number.NaN, new Array(8).fill(Number.NaN));
const constant = (value: number): Traced => traced(value, new Array(8).fill(0));
const corner = (value: number, at: number): Traced =>
  traced(
    value,
    Array.from({ length: 8 }, (_, k) => (k === at ? 1 : 0)),
  );

/** f(a, b) given its partial derivatives there. */
const chain = (a: Traced, b: Traced, value: number, byA: number, byB: number): Traced =>
  traced(
    value,
    a.slopes.map((slope, k) => byA * slope + byB * (b.slopes[k] as number)),
  );
const plus = (a: Traced, b: Traced): Traced => chain(a, b, a.value + b.value, 1, 1);
const minus = (a: Traced, b: Traced): Traced => chain(a, b, a.value - b.value, 1, -1);
const times = (a: Traced, b: Traced): Traced => chain(a, b, a.value * b.value, b.value, a.value);
/** 0 where there is nothing to divide by: an empty box overlaps with nothing. */
const over = (a: Traced, b: Traced): Traced =>
  b.value === 0
    ? constant(0)
    : chain(a, b, a.value / b.value, 1 / b.value, -a.value / (b.value * b.value));
/** As torch: two equal numbers share the slope. */
const larger = (a: Traced, b: Traced): Traced => {
  const byA = a.value > b.value ? 1 : a.value === b.value ? 0.5 : 0;
  return chain(a, b, Math.max(a.value, b.value), byA, 1 - byA);
};
const negative = (a: Traced): Traced => minus(constant(0), a);
const smaller = (a: Traced, b: Traced): Traced => negative(larger(negative(a), negative(b)));
/** max(0, a); at 0 the slope passes. */
const clamped = (a: Traced): Traced => (a.value < 0 ? constant(0) : a);

/** The squared difference of the two boxes' shapes, as angles, over a quarter turn squared. */
function aspect(aWidth: Traced, aHeight: Traced, bWidth: Traced, bHeight: Traced): Traced {
  const angle = (width: Traced, height: Traced): Traced => {
    const { value: w } = width;
    const { value: h } = height;
    const square = w * w + h * h;
    if (square === 0) return constant(0);
    const turned = h === 0 ? (Math.sign(w) * Math.PI) / 2 : Math.atan(w / h);
    return chain(width, height, turned, h / square, -w / square);
  };
  const gap = minus(angle(bWidth, bHeight), angle(aWidth, aHeight));
  return times(constant(4 / Math.PI ** 2), times(gap, gap));
}

function lossOf(a: Box, b: Box, variant: string): Traced {
  const [x1, y1, x2, y2] = a.map(corner) as [Traced, Traced, Traced, Traced];
  const [u1, v1, u2, v2] = b.map((x, k) => corner(x, k + 4)) as [Traced, Traced, Traced, Traced];
  const aWidth = minus(x2, x1);
  const aHeight = minus(y2, y1);
  const bWidth = minus(u2, u1);
  const bHeight = minus(v2, v1);
  const width = clamped(minus(smaller(x2, u2), larger(x1, u1)));
  const height = clamped(minus(smaller(y2, v2), larger(y1, v1)));
  const overlap = times(width, height);
  const union = minus(plus(times(aWidth, aHeight), times(bWidth, bHeight)), overlap);
  const ratio = over(overlap, union);
  const loss = minus(constant(1), ratio);
  if (variant === "iou") return loss;

  const hullWidth = minus(larger(x2, u2), smaller(x1, u1));
  const hullHeight = minus(larger(y2, v2), smaller(y1, v1));
  if (variant === "giou") {
    const hull = times(hullWidth, hullHeight);
    return plus(loss, over(minus(hull, union), hull));
  }
  const across = minus(plus(x1, x2), plus(u1, u2));
  const down = minus(plus(y1, y2), plus(v1, v2));
  const apart = times(constant(0.25), plus(times(across, across), times(down, down)));
  const diagonal = plus(times(hullWidth, hullWidth), times(hullHeight, hullHeight));
  const far = plus(loss, over(apart, diagonal));
  if (variant === "diou") return far;

  const v = aspect(aWidth, aHeight, bWidth, bHeight);
  // The weight of the shape term is a constant in the gradient, as its authors have it.
  const weight = v.value === 0 ? 0 : v.value / (loss.value + v.value);
  return plus(far, times(constant(weight), v));
}

/** The overlap losses of boxes in float64, by forward differentiation: the kernel's formulas are written out by hand. */
export function iouCpu(request: Request, { lossShape, rows }: BoxGeometry): CpuOutcome {
  const variant = request.choices.variant as string;
  const boxes = request.get("boxes").values();
  const targets = request.get("targets").values();
  const factors = rowFactors(request, lossShape);
  const values = new Float64Array(rows);
  const gradients: Record<string, CpuArray> = {};
  for (const name of Object.keys(request.gradients)) {
    gradients[name] = { shape: [...lossShape, 4], data: new Float64Array(rows * 4) };
  }
  const boxAt = (data: ArrayLike<number>, row: number): Box => [
    data[4 * row] as number,
    data[4 * row + 1] as number,
    data[4 * row + 2] as number,
    data[4 * row + 3] as number,
  ];
  for (let row = 0; row < rows; row++) {
    if (!factors.active[row]) continue;
    const pair = [boxAt(boxes, row), boxAt(targets, row)] as const;
    // A box that is not finite has no overlap to speak of.
    const isBroken = pair.some((box) => !box.every(Number.isFinite));
    const { value, slopes } = isBroken ? broken() : lossOf(...pair, variant);
    values[row] = (factors.value[row] as number) * value;
    const g = factors.gradient[row] as number;
    if (g === 0) continue;
    for (let k = 0; k < 4; k++) {
      if (gradients.boxes) gradients.boxes.data[4 * row + k] = g * (slopes[k] as number);
      if (gradients.targets) gradients.targets.data[4 * row + k] = g * (slopes[k + 4] as number);
    }
  }
  return { ...reduceValues(request, lossShape, values, factors), gradients, outputs: {} };
}
