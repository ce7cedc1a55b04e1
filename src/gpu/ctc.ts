import backward from "../../shaders/ctcBackward.wgsl?raw";
import forward from "../../shaders/ctcForward.wgsl?raw";
import prepare from "../../shaders/ctcPrepare.wgsl?raw";
import states from "../../shaders/ctcStates.wgsl?raw";
import ways from "../../shaders/ctcWays.wgsl?raw";
import expLog from "../../shaders/expLog.wgsl?raw";
import exponential from "../../shaders/exponential.wgsl?raw";
import hookMath from "../../shaders/hookMath.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import firstSide from "../../shaders/rowFirst.wgsl?raw";
import { gpuDType } from "../dtype.js";
import { isJudged } from "../labels.js";
import type { CtcGeometry } from "../losses/ctc.js";
import {
  type Kernel,
  type Program,
  ProgramBuilder,
  type Range,
  slice,
  type Target,
} from "../plan.js";
import type { Request } from "../request.js";
import { gradientStore, rowsPerPass, storageOf } from "./rowSlices.js";
import { inputRange, planReduction, planRows, type Rows } from "./rows.js";

/** An invocation may not take more trips of a loop: llvmpipe stops there without a word. */
const TRIPS = 65_535;
/** Frames of one pass; each is a trip. */
const FRAMES = 16_384;

/** Lanes of a sequence: about one for each state. */
function lanesFor(on: Target, count: number): number {
  if (on.software) return 4;
  let lanes = 32;
  while (lanes < count && lanes < Math.min(256, on.maxInvocations)) lanes *= 2;
  return lanes;
}

const wordsOf = (request: Request, name: string): number => {
  const argument = request.tensors[name];
  return argument ? (gpuDType(argument.dtype) === "i64" ? 2 : 1) : 0;
};

const given = (request: Request, name: string): Record<string, Range> => {
  const argument = request.tensors[name];
  return argument ? { [name]: inputRange(argument) } : {};
};

/** Buffers that all passes share. */
interface Tables {
  readonly sequences: Range;
  readonly labels: Range;
}

function planPrepare(
  builder: ProgramBuilder,
  request: Request,
  { frames, sequences: count, classes, labels: room }: CtcGeometry,
  context: Rows,
  lanes: number,
): Tables {
  const sequences = builder.buffer("sequences", count * 20);
  const labels = builder.buffer("labels", count * room * 12);
  builder.pass({
    kernel: {
      label: "ctc: prepare",
      parts: [states, prepare],
      constants: {
        LANES: lanes,
        LABEL_WORDS: wordsOf(request, "targets"),
        INPUT_WORDS: wordsOf(request, "inputLengths"),
        TARGET_WORDS: wordsOf(request, "targetLengths"),
        MEAN: request.reduction === "mean",
      },
      params: {
        frames: "u32",
        sequences: "u32",
        classes: "u32",
        room: "u32",
        blank: "u32",
        segmentLength: "u32",
        gridWidth: "u32",
        labelsGivenStart: "u32",
        inputLengthsStart: "u32",
        targetLengthsStart: "u32",
      },
    },
    bindings: {
      labelsGiven: inputRange(request.get("targets")),
      ...given(request, "inputLengths"),
      ...given(request, "targetLengths"),
      rowInfo: context.rowInfo,
      totals: context.totals,
      status: context.status,
      sequences,
      labels,
    },
    params: {
      frames,
      sequences: count,
      classes,
      room,
      blank: request.number("blank"),
      segmentLength: context.segmentLength,
    },
    workgroups: count,
    work: count * room * 24,
  });
  return { sequences, labels };
}

const params: Kernel["params"] = {
  sequences: "u32",
  classes: "u32",
  room: "u32",
  blank: "u32",
  firstFrame: "u32",
  frameCount: "u32",
  tableFrame: "u32",
  gridWidth: "u32",
  firstStart: "u32",
  intoStart: "u32",
  gradientStart: "u32",
};

/** Connectionist temporal classification: frame by frame forwards, then backwards, a workgroup each sequence. */
export function planCtc(request: Request, geometry: CtcGeometry, on: Target): Program {
  const { shape, frames, sequences: count, classes, labels: room, lossShape } = geometry;
  const builder = new ProgramBuilder("ctc");
  const context = planRows(builder, request, on, lossShape);
  const names = ["targets", "inputLengths", "targetLengths"];
  if (names.some((name) => request.tensors[name] && !isJudged(request, name))) {
    builder.status(context.status, "labels or lengths of ctc lie outside their range");
  }
  const width = 2 * room + 1;
  const lanes = lanesFor(on, width);
  const tables = planPrepare(builder, request, geometry, context, lanes);
  const values = builder.buffer("values", count * 4);
  const seen = builder.buffer("seen", count * 4);
  // A probability is two numbers: one in [1, 2), and a power of two.
  const row = count * Math.max(classes, 2 * width);
  const step = Math.min(rowsPerPass(request, on, Math.max(row, 1), 4), FRAMES, TRIPS);
  const wants = { rows: frames, step, width: count * classes };
  const gradient = gradientStore(builder, request, "logProbs", shape, wants);
  const into = builder.buffer("into", (gradient ? frames : 2) * count * width * 8);
  const outOf = gradient && builder.buffer("outOf", count * 3 * width * 8);
  const logProbs = inputRange(request.get("logProbs"));
  const kernel = (label: string, main: string): Kernel => ({
    label,
    parts: [math, hookMath, exponential, expLog, firstSide, states, ways, main],
    constants: {
      LANES: lanes,
      ROWS: 1,
      FIRST_STORAGE: storageOf(request, "logProbs"),
      GRADIENT: gradient !== undefined,
      ZERO_INFINITY: request.choices["zeroInfinity"] === true,
    },
    params,
  });
  const dispatch = (work: Kernel, first: number, own: Readonly<Record<string, Range>>): void => {
    const taken = Math.min(step, frames - first);
    // The table begins one frame earlier: each frame is made from the one before.
    const before = gradient ? Math.max(first - 1, 0) : 0;
    const rows = gradient ? first + taken - before : 2;
    builder.pass({
      kernel: work,
      bindings: {
        first: slice(logProbs, first * count * classes, taken * count * classes),
        into: slice(into, before * count * width * 2, rows * count * width * 2),
        ...tables,
        seen,
        ...own,
      },
      params: {
        sequences: count,
        classes,
        room,
        blank: request.number("blank"),
        firstFrame: first,
        frameCount: taken,
        tableFrame: before,
      },
      workgroups: count,
      work: taken * count * (classes + 8 * width) * 4,
    });
  };
  const starts = Array.from({ length: Math.max(Math.ceil(frames / step), 1) }, (_, i) => i * step);
  const ahead = kernel("ctc: forward", forward);
  for (const first of starts) dispatch(ahead, first, { values });
  planReduction(builder, request, on, lossShape, values, context);
  if (!gradient || !outOf) return builder.build();
  const back = kernel("ctc: backward", backward);
  for (const first of starts.reverse()) {
    const taken = Math.min(step, frames - first);
    dispatch(back, first, { outOf, gradient: gradient.at(first, taken) });
    gradient.finish(first, taken);
  }
  return builder.build();
}
