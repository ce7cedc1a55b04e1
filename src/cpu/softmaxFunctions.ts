import type { Width } from "../families/rowFunction.js";
import type { RowGeometry } from "../families/rowShape.js";
import type { Request } from "../request.js";
import type { CpuArray, CpuOutcome, CpuPath } from "../spec.js";
import { costOf, logSumExpOf, makeRow, type SoftmaxRow, scanRow } from "./softmaxRow.js";

/** A softmax function of the rows of `logits`: its values, and what an upstream gradient becomes. */
interface RowFunction {
  /** Writes the row's numbers from `at`. */
  values(row: SoftmaxRow, out: Float64Array, at: number): void;
  /** Writes the row's gradient from `base`, given the factor on each of its numbers. */
  gradient(
    row: SoftmaxRow,
    upstream: (index: number) => number,
    out: Float64Array,
    base: number,
  ): void;
}

const probability = (row: SoftmaxRow, c: number): number => (row.e[c] as number) / row.sum;

const logSoftmaxRow: RowFunction = {
  values(row, out, at) {
    for (let c = 0; c < row.u.length; c++) out[at + c] = -costOf(row, c);
  },
  gradient(row, upstream, out, base) {
    let sum = 0;
    for (let c = 0; c < row.u.length; c++) sum += upstream(c);
    for (let c = 0; c < row.u.length; c++) out[base + c] = upstream(c) - probability(row, c) * sum;
  },
};

const softmaxRow: RowFunction = {
  values(row, out, at) {
    for (let c = 0; c < row.u.length; c++) out[at + c] = probability(row, c);
  },
  gradient(row, upstream, out, base) {
    let mean = 0;
    for (let c = 0; c < row.u.length; c++) mean += probability(row, c) * upstream(c);
    for (let c = 0; c < row.u.length; c++) {
      out[base + c] = probability(row, c) * (upstream(c) - mean);
    }
  },
};

const logSumExpRow: RowFunction = {
  values(row, out, at) {
    out[at] = logSumExpOf(row);
  },
  gradient(row, upstream, out, base) {
    for (let c = 0; c < row.u.length; c++) out[base + c] = probability(row, c) * upstream(0);
  },
};

/** The values of a softmax function and the gradient to the logits, in float64. */
function rowFunctionCpu(
  request: Request,
  { shape, rows, classes, lossShape }: RowGeometry,
  { values, gradient }: RowFunction,
  width: Width,
): CpuOutcome {
  const z = request.get("logits").values();
  const given = request.tensors["upstream"]?.values();
  const factor = request.number("upstream");
  const step = width === "classes" ? classes : 1;
  const out = new Float64Array(rows * step);
  const slopes = request.gradients["logits"] ? new Float64Array(rows * classes) : undefined;
  const row = makeRow(classes);
  for (let r = 0; r < rows; r++) {
    scanRow(row, z, r * classes, 1, { temperature: 1, softcap: 0 });
    values(row, out, r * step);
    const upstream = (index: number): number =>
      given ? (given[given.length === 1 ? 0 : r * step + index] as number) : factor;
    if (slopes) gradient(row, upstream, slopes, r * classes);
  }
  const loss: CpuArray = { shape: width === "one" ? lossShape : shape, data: out };
  const gradients = slopes ? { logits: { shape, data: slopes } } : {};
  const nonFinite = out.reduce((n, value) => n + (Number.isFinite(value) ? 0 : 1), 0);
  const stats = { count: out.length, denominator: 1, outOfRange: 0, nonFinite, degenerate: 0 };
  return { loss, gradients, outputs: {}, stats };
}

const rowFunction =
  (hooks: RowFunction, width: Width): CpuPath<RowGeometry> =>
  (request, geometry) =>
    rowFunctionCpu(request, geometry, hooks, width);

export const logSoftmaxCpu = /* @__PURE__ */ rowFunction(logSoftmaxRow, "classes");
export const softmaxCpu = /* @__PURE__ */ rowFunction(softmaxRow, "classes");
export const logSumExpCpu = /* @__PURE__ */ rowFunction(logSumExpRow, "one");
