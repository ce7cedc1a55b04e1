import { gpuDType } from "../dtype.js";
import { fail } from "../errors.js";
import type { Geometry } from "../losses/crossEntropy.js";
import { type Program, ProgramBuilder, type Range, slice, type Target } from "../plan.js";
import type { Request } from "../request.js";
import {
  edgesKernel,
  rowKernel,
  storageCodes,
  type Variant,
  type Work,
} from "./crossEntropyModule.js";
import { crossEntropyShape } from "./rowShape.js";
import { inputRange, planReduction, planRows, type Rows } from "./rows.js";
import { planSum } from "./sums.js";

/** Per-row outputs in the order of their bits. */
const planes = ["logSumExp", "logProbs", "entropy", "correct"] as const;
const TEMPERATURE_SLOPE = 16;

/** Rows of one pass: what fits a binding, and on a software adapter what stays well under a slice. */
function rowsPerPass(on: Target, rowBytes: number, group: number): number {
  const most = on.software ? Math.min(on.maxBinding, 8 * 2 ** 20) : on.maxBinding;
  // The binding begins at an aligned address before the first row.
  const rows = Math.floor((most - on.alignment) / rowBytes);
  return Math.max(Math.floor(rows / group), 1) * group;
}

function variantOf(request: Request, geometry: Geometry, on: Target): Variant {
  const { classes, rows, classStride, soft } = geometry;
  const shape = crossEntropyShape(on, rows, classes, classStride > 1);
  const code = (name: string): number =>
    storageCodes[gpuDType(request.get(name).dtype) as keyof typeof storageCodes];
  const wanted = planes.reduce(
    (sum, name, at) => sum | (request.outputs.has(name) ? 1 << at : 0),
    0,
  );
  return {
    ...shape,
    storage: code("logits"),
    soft: soft ? code("targets") : undefined,
    weighted: request.tensors.weight !== undefined,
    smoothed: request.number("labelSmoothing") > 0,
    softcapped: request.number("softcap") > 0,
    zLoss: request.number("zLoss") > 0,
    stats: wanted | (request.gradients.temperature ? TEMPERATURE_SLOPE : 0),
    temperatureTensor: request.tensors.temperature !== undefined,
    strided: classStride > 1,
  };
}

/** Plans losses and gradients of all rows; a pass over rows takes what fits a binding. */
export function planLosses(
  builder: ProgramBuilder,
  request: Request,
  geometry: Geometry,
  on: Target,
): { readonly context: Rows; readonly stats: Range } {
  const { rows, classes, classStride, lossShape, soft, shift } = geometry;
  const variant = variantOf(request, geometry, on);
  const { logits: place, temperature: learnsTemperature } = request.gradients;
  const inPlace = place === "inPlace";
  if (inPlace && variant.strided && variant.storage !== 0) {
    fail(
      "UNSUPPORTED",
      "crossEntropy: gradients.logits inPlace needs f32 logits where classAxis is not the last axis",
    );
  }
  // Without targets the label of every row is class 0.
  const isLabelled = !soft && request.tensors.targets !== undefined;
  const labels = isLabelled ? { name: "targets", classes, shift } : undefined;
  const context = planRows(builder, request, on, lossShape, labels);
  const logits = inputRange(request.get("logits"));
  const shape = request.get("logits").shape ?? [...lossShape, classes];
  const wanted = planes.filter((name) => request.outputs.has(name));
  const planeCount = 1 + wanted.length + (learnsTemperature ? 1 : 0);
  const stats = builder.buffer("stats", planeCount * rows * 4);
  const matrix = (name: string, isWanted: unknown): Range | undefined =>
    isWanted ? builder.buffer(name, rows * classes * 4) : undefined;
  const gradient = matrix("gradient", !inPlace && (place || learnsTemperature));
  const targetsGradient = matrix("targetsGradient", request.gradients.targets);
  const targets = soft ? inputRange(request.get("targets")) : undefined;
  const edges = inPlace && variant.storage !== 0 ? builder.buffer("edges", rows * 8) : undefined;
  const weight = request.tensors.weight && inputRange(request.tensors.weight);

  const widest = Math.max(logits.unit, targets?.unit ?? 0, gradient || targetsGradient ? 4 : 0);
  const step = rowsPerPass(on, classes * widest, classStride);
  for (let first = 0; first < rows; first += step) {
    const count = Math.min(step, rows - first);
    const part = (range: Range | undefined): Range | undefined =>
      range && slice(range, first * classes, count * classes);
    const dispatch = (
      work: Work,
      own: Readonly<Record<string, Range | undefined>>,
      bytes: number,
    ): void =>
      builder.pass({
        kernel: rowKernel(work, work === "targets" ? { ...variant, stats: 0 } : variant),
        bindings: definedOnly({
          logits: part(logits),
          rowInfo: context.rowInfo,
          totals: context.totals,
          classWeights: weight,
          targets: part(targets),
          ...own,
        }),
        params: {
          rows: count,
          classes,
          rowStart: first,
          rowStride: classes,
          totalRows: rows,
          segmentLength: context.segmentLength,
          segments: context.segments,
          inner: classStride,
          labelSmoothing: variant.smoothed ? "labelSmoothing" : 0,
          temperature: variant.temperatureTensor ? 1 : "temperature",
          softcap: variant.softcapped ? "softcap" : 0,
          zLoss: variant.zLoss ? "zLoss" : 0,
        },
        workgroups: Math.ceil(count / variant.rows),
        work: count * classes * bytes,
      });
    if (targetsGradient) {
      // First, because the logits may be overwritten by what follows.
      dispatch("targets", { stats, targetsGradient: part(targetsGradient) }, 4 + 2 * logits.unit);
    }
    const work: Work = inPlace ? "inPlace" : gradient ? "gradient" : "losses";
    const bytes = work === "losses" ? logits.unit : 2 * logits.unit + 4;
    dispatch(work, { stats, gradient: part(gradient), edges }, bytes);
    if (!edges) continue;
    builder.pass({
      kernel: edgesKernel(variant.storage),
      bindings: { logits: slice(logits, first * classes, count * classes), edges },
      params: { rows: count, classes, rowStart: first, rowStride: classes },
      workgroups: Math.ceil(count / 64),
      work: count * 16,
    });
  }

  if (inPlace) {
    builder.result("gradients.logits", logits, shape, gpuDType(request.get("logits").dtype));
  } else if (gradient && place) builder.result("gradients.logits", gradient, shape);
  if (targetsGradient) builder.result("gradients.targets", targetsGradient, shape);
  return { context, stats };
}

/** Losses and gradients of all rows, then their reduction. */
export function planCrossEntropy(request: Request, geometry: Geometry, on: Target): Program {
  const { rows, lossShape } = geometry;
  const builder = new ProgramBuilder("crossEntropy");
  const { context, stats } = planLosses(builder, request, geometry, on);
  const wanted = planes.filter((name) => request.outputs.has(name));
  const power = planReduction(builder, request, on, lossShape, slice(stats, 0, rows), context);
  for (const [at, name] of wanted.entries()) {
    builder.result(name, slice(stats, (at + 1) * rows, rows), lossShape);
  }
  if (request.outputs.has("perplexity")) builder.result("perplexity", power, []);
  if (request.gradients.temperature) {
    const slopes = slice(stats, (wanted.length + 1) * rows, rows);
    builder.result("gradients.temperature", planSum(builder, on, "slope", slopes, rows), []);
  }
  return builder.build();
}

const definedOnly = (ranges: Readonly<Record<string, Range | undefined>>): Record<string, Range> =>
  Object.fromEntries(
    Object.entries(ranges).filter((entry): entry is [string, Range] => !!entry[1]),
  );
