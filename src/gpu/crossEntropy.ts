import { gpuDType } from "../dtype.js";
import { fail } from "../errors.js";
import type { Geometry } from "../losses/crossEntropy.js";
import { type Program, ProgramBuilder, type Range, slice, type Target } from "../plan.js";
import type { Request } from "../request.js";
import { type Chunk, rowInfoBytes } from "./chunks.js";
import {
  edgesKernel,
  loadPieces,
  readsQuads,
  rowKernel,
  type Variant,
  type Work,
} from "./crossEntropyModule.js";
import { type Planes, planPlanes } from "./planes.js";
import { crossEntropyShape } from "./rowShape.js";
import { inputRange, planReduction, planRows, type Rows, storageCodes } from "./rows.js";
import { chunkOf, planSum } from "./sums.js";

/** Per-row outputs in the order of their bits. */
const outputs = ["logSumExp", "logProbs", "entropy", "correct"] as const;
const TEMPERATURE_SLOPE = 16;

/** Rows whose logits are made together. */
export interface Turn {
  readonly context: Rows;
  readonly chunk: Chunk;
  readonly first: number;
  readonly count: number;
}

/** Logits that passes make where they are needed, in place of a tensor. */
export interface Source {
  /** (together, rowStride): of one turn after the other; their gradient takes their place. */
  readonly logits: Range;
  readonly rowStride: number;
  readonly together: number;
  /** Plans what makes the logits of a turn. */
  make(turn: Turn): void;
  /** Plans what becomes of their gradient. */
  take(turn: Turn): void;
}

/** Rows of one pass: what fits a binding, and on a software adapter what stays well under a slice. */
function rowsPerPass(on: Target, rowBytes: number, group: number): number {
  const most = on.software ? Math.min(on.maxBinding, 8 * 2 ** 20) : on.maxBinding;
  return chunkOf({ ...on, maxBinding: most }, rowBytes, group);
}

function variantOf(request: Request, geometry: Geometry, on: Target): Variant {
  const { classes, rows, classStride, soft } = geometry;
  const code = (name: string): number =>
    storageCodes[gpuDType(request.get(name).dtype) as keyof typeof storageCodes];
  const wanted = outputs.reduce(
    (sum, name, at) => sum | (request.outputs.has(name) ? 1 << at : 0),
    0,
  );
  const storage = code("logits");
  const inPlace = request.gradients.logits === "inPlace";
  const shape = crossEntropyShape(on, rows, classes, classStride > 1, {
    few: !soft && !(inPlace && storage !== 0),
    // The parts of a row do not add up the slope of its temperature.
    parts: classStride === 1 && !request.gradients.temperature,
  });
  const isPlain = storage === 0 && classStride === 1 && !shape.few;
  return {
    ...shape,
    quads: shape.quads && classStride === 1,
    classes,
    // What is written cannot be bound twice, and a binding holds a whole tile.
    tiled: on.software && isPlain && !inPlace && classes >= 16,
    storage,
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

/** Plans losses and gradients of all rows; a pass over rows takes what fits its bindings. Without a source logits are a tensor. */
export function planLosses(
  builder: ProgramBuilder,
  request: Request,
  geometry: Geometry,
  on: Target,
  source?: Source,
): { readonly context: Rows; readonly planes: Planes } {
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
  const wanted = outputs.filter((name) => request.outputs.has(name));
  const planeCount = 1 + wanted.length + (learnsTemperature ? 1 : 0);
  const most = chunkOf(on, Math.max(rowInfoBytes, 4 * planeCount));
  const context = planRows(builder, request, on, lossShape, labels, most);
  const planes = planPlanes(builder, context.chunks, planeCount);
  const { logits, rowStride, together } = source ?? {
    logits: inputRange(request.get("logits")),
    rowStride: classes,
    together: rows,
  };
  const shape = request.get("logits").shape ?? [...lossShape, classes];
  const matrix = (name: string, isWanted: unknown): Range | undefined =>
    isWanted ? builder.buffer(name, rows * classes * 4) : undefined;
  const gradient = matrix("gradient", !inPlace && (place || learnsTemperature));
  const targetsGradient = matrix("targetsGradient", request.gradients.targets);
  const targets = soft ? inputRange(request.get("targets")) : undefined;
  const weight = request.tensors.weight && inputRange(request.tensors.weight);

  const widest = Math.max(logits.unit, targets?.unit ?? 0, gradient || targetsGradient ? 4 : 0);
  const step = rowsPerPass(on, rowStride * widest, classStride);
  const isShared = inPlace && variant.storage !== 0;
  const [{ count: longest }] = context.chunks as [Chunk];
  const edges = isShared ? builder.buffer("edges", Math.min(step, longest) * 8) : undefined;
  const sums = variant.parts * 8 * 4;
  const parts =
    variant.parts > 1 ? builder.buffer("parts", Math.min(step, longest) * sums) : undefined;
  const planPass = (chunk: Chunk, first: number, count: number, made: number): void => {
    // A binding begins with the whole image in which the first row lies.
    const head = first % classStride;
    const bound = Math.ceil((head + count) / classStride) * classStride;
    const part = (range: Range | undefined): Range | undefined =>
      range && slice(range, (first - head - made) * rowStride, bound * rowStride);
    const dispatch = (
      work: Work,
      own: Readonly<Record<string, Range | undefined>>,
      bytes: number,
    ): void =>
      builder.pass({
        kernel: rowKernel(work, work === "targets" ? { ...variant, stats: 0 } : variant),
        bindings: definedOnly({
          logits: part(logits),
          logitTiles: variant.tiled ? part(logits) : undefined,
          logitQuads: readsQuads(work, variant) ? part(logits) : undefined,
          rowInfo: chunk.rowInfo,
          totals: context.totals,
          classWeights: weight,
          targets: part(targets),
          stats: planes.of(chunk),
          parts,
          ...own,
        }),
        params: {
          rows: count,
          classes,
          rowStart: first - chunk.first,
          chunkStart: chunk.first,
          pixelStart: head,
          parts: variant.parts,
          rowStride,
          totalRows: chunk.count,
          segmentLength: context.segmentLength,
          segments: context.segments,
          inner: classStride,
          labelSmoothing: variant.smoothed ? "labelSmoothing" : 0,
          temperature: variant.temperatureTensor ? 1 : "temperature",
          softcap: variant.softcapped ? "softcap" : 0,
          zLoss: variant.zLoss ? "zLoss" : 0,
        },
        workgroups: Math.ceil(count / variant.rows) * (work === "losses" ? 1 : variant.parts),
        work: count * classes * bytes,
      });
    if (parts) dispatch("parts", {}, logits.unit);
    if (targetsGradient) {
      // First, because the logits may be overwritten by what follows.
      dispatch("targets", { targetsGradient: part(targetsGradient) }, 4 + 2 * logits.unit);
    }
    const work: Work = inPlace ? "inPlace" : gradient ? "gradient" : "losses";
    const bytes = work === "losses" ? logits.unit : 2 * logits.unit + 4;
    dispatch(work, { gradient: part(gradient), edges }, bytes);
    if (!edges) return;
    builder.pass({
      kernel: edgesKernel(variant.storage),
      bindings: { logits: part(logits) as Range, edges },
      params: { rows: count, classes, rowStride: classes },
      workgroups: Math.ceil(count / 64),
      work: count * 16,
    });
  };
  for (const chunk of context.chunks) {
    const last = chunk.first + chunk.count;
    let first = chunk.first;
    do {
      const made = source ? first : 0;
      const end = Math.min(first + together, last);
      const turn = { context, chunk, first, count: end - first };
      source?.make(turn);
      while (first < end) {
        const next = Math.min(Math.floor((first + step) / classStride) * classStride, end);
        planPass(chunk, first, next - first, made);
        first = next;
      }
      source?.take(turn);
    } while (first < last);
    planes.finish(chunk);
  }

  if (inPlace && !source) {
    builder.result("gradients.logits", logits, shape, gpuDType(request.get("logits").dtype));
  } else if (gradient && place) builder.result("gradients.logits", gradient, shape);
  if (targetsGradient) builder.result("gradients.targets", targetsGradient, shape);
  return { context, planes };
}

/** Losses and gradients of all rows, then their reduction. */
export function planCrossEntropy(
  request: Request,
  geometry: Geometry,
  on: Target,
  builder = new ProgramBuilder("crossEntropy"),
  source?: Source,
): Program {
  const { rows, lossShape } = geometry;
  const { context, planes } = planLosses(builder, request, geometry, on, source);
  const wanted = outputs.filter((name) => request.outputs.has(name));
  const power = planReduction(builder, request, on, lossShape, planes.at(0), context);
  for (const [at, name] of wanted.entries()) builder.result(name, planes.at(at + 1), lossShape);
  if (request.outputs.has("perplexity")) builder.result("perplexity", power, []);
  if (request.gradients.temperature) {
    const slopes = planes.at(wanted.length + 1);
    builder.result("gradients.temperature", planSum(builder, on, "slope", slopes, rows), []);
  }
  return builder.build();
}
planCrossEntropy.load = loadPieces;

const definedOnly = (ranges: Readonly<Record<string, Range | undefined>>): Record<string, Range> =>
  Object.fromEntries(
    Object.entries(ranges).filter((entry): entry is [string, Range] => !!entry[1]),
  );
