import core from "../../shaders/crossEntropy.wgsl?raw";
import alone from "../../shaders/crossEntropyAlone.wgsl?raw";
import element from "../../shaders/crossEntropyElement.wgsl?raw";
import fixedTargets from "../../shaders/crossEntropyFixedTargets.wgsl?raw";
import fused from "../../shaders/crossEntropyFused.wgsl?raw";
import gradientPass from "../../shaders/crossEntropyGradient.wgsl?raw";
import index from "../../shaders/crossEntropyIndex.wgsl?raw";
import inPlace16 from "../../shaders/crossEntropyInPlace16.wgsl?raw";
import inPlace32 from "../../shaders/crossEntropyInPlace32.wgsl?raw";
import learnedTargets from "../../shaders/crossEntropyLearnedTargets.wgsl?raw";
import load16 from "../../shaders/crossEntropyLoad16.wgsl?raw";
import load32 from "../../shaders/crossEntropyLoad32.wgsl?raw";
import readOnly from "../../shaders/crossEntropyReadOnly.wgsl?raw";
import rowPiece from "../../shaders/crossEntropyRows.wgsl?raw";
import scan from "../../shaders/crossEntropyScan.wgsl?raw";
import separate from "../../shaders/crossEntropySeparate.wgsl?raw";
import soft from "../../shaders/crossEntropySoft.wgsl?raw";
import statsPiece from "../../shaders/crossEntropyStats.wgsl?raw";
import store from "../../shaders/crossEntropyStore.wgsl?raw";
import tree from "../../shaders/crossEntropyTree.wgsl?raw";
import verdict from "../../shaders/crossEntropyVerdict.wgsl?raw";
import edgesKernel from "../../shaders/edges.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import { gpuDType } from "../dtype.js";
import { fail } from "../errors.js";
import type { Geometry } from "../losses/crossEntropy.js";
import {
  type Kernel,
  type Program,
  ProgramBuilder,
  type Range,
  slice,
  type Target,
} from "../plan.js";
import type { Request } from "../request.js";
import { inputRange, planReduction, planRows, planSum } from "./rows.js";

/** Per-row outputs in the order of their bits in STATS. */
const planes = ["logSumExp", "logProbs", "entropy", "correct"] as const;
const TEMPERATURE_SLOPE = 16;
const storageOf = { f32: 0, f16: 1, bf16: 2 } as const;

export type GradientIo = "none" | "separate" | "inPlace";

const params: Kernel["params"] = {
  rows: "u32",
  classes: "u32",
  rowStart: "u32",
  logitsStart: "u32",
  gradientStart: "u32",
  rowStride: "u32",
  gridWidth: "u32",
  totalRows: "u32",
  segmentLength: "u32",
  segments: "u32",
  inner: "u32",
  classWeightsStart: "u32",
  targetsStart: "u32",
  targetsGradientStart: "u32",
  labelSmoothing: "f32",
  temperature: "f32",
  softcap: "f32",
  zLoss: "f32",
};

interface Variant {
  readonly io: GradientIo;
  readonly storage: number;
  readonly lanes: number;
  readonly isSoft: boolean;
  readonly learnsTargets: boolean;
}

/** The pieces of the module, in reading order. */
function partsOf({ io, storage, lanes, isSoft, learnsTargets }: Variant): string[] {
  const load = storage === 0 ? load32 : load16;
  const parts = [math, rowPiece, load, scan, element, isSoft ? soft : index];
  parts.push(lanes === 1 ? alone : tree, statsPiece);
  if (io === "none") return [...parts, readOnly, core];
  parts.push(verdict, gradientPass, learnsTargets ? learnedTargets : fixedTargets);
  if (io === "separate") parts.push(separate, store);
  else parts.push(...(storage === 0 ? [inPlace32, store] : [inPlace16]));
  return [...parts, fused];
}

/** Lanes that share a row and rows that share a workgroup. */
export function chooseShape(on: Target, _classes: number): { lanes: number; rows: number } {
  return on.software ? { lanes: 4, rows: 1 } : { lanes: Math.min(256, on.maxInvocations), rows: 1 };
}

/** Rows of one pass: what fits a binding, and on a software adapter what stays well under a slice. */
function rowsPerPass(on: Target, rowBytes: number, group: number): number {
  const target = on.software ? Math.min(on.maxBinding, 8 * 2 ** 20) : on.maxBinding;
  // The binding begins at an aligned address before the first row.
  const rows = Math.floor((target - on.alignment) / rowBytes);
  return Math.max(Math.floor(rows / group), 1) * group;
}

export function planCrossEntropy(request: Request, geometry: Geometry, on: Target): Program {
  const { rows, classes, classStride, lossShape, soft: isSoft, shift } = geometry;
  const builder = new ProgramBuilder("crossEntropy");
  const logits = request.get("logits");
  const storage = storageOf[gpuDType(logits.dtype) as "f32"];
  const io: GradientIo =
    request.gradients.logits === "inPlace"
      ? "inPlace"
      : Object.keys(request.gradients).length > 0
        ? "separate"
        : "none";
  const strided = classStride > 1;
  if (strided && storage !== 0 && io === "inPlace") {
    fail(
      "UNSUPPORTED",
      "crossEntropy: gradients.logits inPlace needs f32 logits when classAxis is not the last axis",
    );
  }
  const labels = isSoft ? undefined : { name: "targets", classes, shift };
  const context = planRows(builder, request, on, lossShape, labels);

  const wanted = planes.filter((name) => request.outputs.has(name));
  const bits = planes.reduce((sum, name, at) => sum | (request.outputs.has(name) ? 1 << at : 0), 0);
  const learns = request.gradients.temperature !== undefined;
  const planeCount = 1 + wanted.length + (learns ? 1 : 0);
  const stats = builder.buffer("stats", planeCount * rows * 4);
  const targetsType = gpuDType(request.get("targets").dtype) as "f32";
  const targets = isSoft ? inputRange(request.get("targets")) : undefined;
  const learnsTargets = request.gradients.targets !== undefined;
  const { lanes, rows: rowsPerGroup } = chooseShape(on, classes);
  const constants = {
    LANES: lanes,
    ROWS: rowsPerGroup,
    STORAGE: storage,
    WEIGHTED: request.tensors.weight !== undefined,
    SMOOTHED: request.number("labelSmoothing") > 0,
    SOFTCAPPED: request.number("softcap") > 0,
    ZLOSS: request.number("zLoss") > 0,
    STATS: bits | (learns ? TEMPERATURE_SLOPE : 0),
    TEMPERATURE_TENSOR: request.tensors.temperature !== undefined,
    STRIDED: strided,
  };
  const kernel: Kernel = {
    label: `cross-entropy ${io}`,
    parts: partsOf({ io, storage, lanes, isSoft, learnsTargets }),
    constants: targets ? { ...constants, TARGETS_STORAGE: storageOf[targetsType] } : constants,
    params,
  };
  const whole = inputRange(logits);
  const gradient = io === "separate" ? builder.buffer("gradient", rows * classes * 4) : undefined;
  const targetsGradient = learnsTargets
    ? builder.buffer("targetsGradient", rows * classes * 4)
    : undefined;
  const edges =
    io === "inPlace" && storage !== 0 ? builder.buffer("edges", rows * 8 + 8) : undefined;
  const weights = request.tensors.weight && inputRange(request.tensors.weight);
  const group = strided ? classStride : 1;
  const rowBytes =
    classes * Math.max(whole.unit, targets?.unit ?? 0, gradient || targetsGradient ? 4 : 0);
  const step = rowsPerPass(on, rowBytes, group);
  for (let first = 0; first < rows; first += step) {
    const count = Math.min(step, rows - first);
    const part = (range: Range): Range => slice(range, first * classes, count * classes);
    const shared = {
      rows: count,
      classes,
      rowStart: first,
      rowStride: classes,
      totalRows: rows,
      segmentLength: context.segmentLength,
      segments: context.segments,
      inner: classStride,
      labelSmoothing: constants.SMOOTHED ? "labelSmoothing" : 0,
      temperature: request.numbers.temperature === undefined ? 1 : "temperature",
      softcap: constants.SOFTCAPPED ? "softcap" : 0,
      zLoss: constants.ZLOSS ? "zLoss" : 0,
    };
    builder.pass({
      kernel,
      bindings: {
        logits: part(whole),
        rowInfo: context.rowInfo,
        totals: context.totals,
        stats,
        ...(weights ? { classWeights: weights } : {}),
        ...(gradient ? { gradient: part(gradient) } : {}),
        ...(targets ? { targets: part(targets) } : {}),
        ...(targetsGradient ? { targetsGradient: part(targetsGradient) } : {}),
        ...(edges ? { edges } : {}),
      },
      params: shared,
      workgroups: Math.ceil(count / rowsPerGroup),
      work: count * classes * (whole.unit + (io === "none" ? 0 : 4 + whole.unit)),
    });
    if (!edges) continue;
    builder.pass({
      kernel: {
        label: "edges",
        parts: [math, edgesKernel],
        constants: { STORAGE: storage },
        params: {
          rows: "u32",
          classes: "u32",
          rowStart: "u32",
          logitsStart: "u32",
          rowStride: "u32",
          gridWidth: "u32",
        },
      },
      bindings: { logits: part(whole), edges },
      params: { rows: count, classes, rowStart: first, rowStride: classes },
      workgroups: Math.ceil(count / 64),
      work: count * 16,
    });
  }

  const values = slice(stats, 0, rows);
  const power = planReduction(builder, request, on, lossShape, values, context);
  for (const [at, name] of wanted.entries()) {
    builder.result(name, slice(stats, (at + 1) * rows, rows), lossShape);
  }
  if (request.outputs.has("perplexity")) builder.result("perplexity", power, []);
  const shape = logits.shape ?? [...lossShape, classes];
  if (gradient && request.gradients.logits) builder.result("gradients.logits", gradient, shape);
  if (io === "inPlace") {
    builder.result("gradients.logits", whole, shape, gpuDType(logits.dtype));
  }
  if (targetsGradient) builder.result("gradients.targets", targetsGradient, shape);
  if (learns) {
    const slopes = slice(stats, (wanted.length + 1) * rows, rows);
    const sum = planSum(builder, on, "temperatureSum", slopes, rows);
    builder.result("gradients.temperature", sum, []);
  }
  return builder.build();
}
