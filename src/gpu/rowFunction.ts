import expLog from "../../shaders/expLog.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import alone from "../../shaders/rowAlone.wgsl?raw";
import firstSide from "../../shaders/rowFirst.wgsl?raw";
import main from "../../shaders/rowFunction.wgsl?raw";
import point from "../../shaders/rowPoint.wgsl?raw";
import scan from "../../shaders/rowScan.wgsl?raw";
import secondSide from "../../shaders/rowSecond.wgsl?raw";
import sums from "../../shaders/rowSums.wgsl?raw";
import tree from "../../shaders/rowTree.wgsl?raw";
import type { RowGeometry } from "../families/rowShape.js";
import {
  type Kernel,
  type Program,
  ProgramBuilder,
  slice,
  statusBytes,
  type Target,
} from "../plan.js";
import type { Request } from "../request.js";
import { rowShape } from "./rowShape.js";
import { gradientStore, rowsPerPass, storageOf } from "./rowSlices.js";
import { inputRange } from "./rows.js";
import { planSum } from "./sums.js";

/** Functions of a row of logits, in the order of their codes in the shader. */
const functions = ["logSoftmax", "softmax", "logSumExp"];

const params: Kernel["params"] = {
  rows: "u32",
  classes: "u32",
  gridWidth: "u32",
  firstStart: "u32",
  secondStart: "u32",
  outputStart: "u32",
  gradientStart: "u32",
  upstream: "f32",
  temperature: "f32",
};

/** The values of a softmax function and the gradient to the logits: passes over as many rows as fit. */
export function planRowFunction(request: Request, geometry: RowGeometry, on: Target): Program {
  const { name } = request.spec;
  const { shape, rows, classes, lossShape } = geometry;
  const builder = new ProgramBuilder(name);
  const isOne = name === "logSumExp";
  const width = isOne ? 1 : classes;
  const upstream = request.tensors["upstream"];
  const step = rowsPerPass(request, on, classes, 4);
  const output = builder.buffer("output", rows * width * 4);
  const gradient = gradientStore(builder, request, "logits", shape, { rows, step, width: classes });
  const { lanes, rows: together } = rowShape(on, rows, classes, false);
  const kernel = {
    label: name,
    parts: [
      ...[math, expLog, firstSide, secondSide, scan, sums, lanes === 1 ? alone : tree, point, main],
    ],
    constants: {
      LANES: lanes,
      ROWS: together,
      FIRST_STORAGE: storageOf(request, "logits"),
      SECOND_STORAGE: upstream ? storageOf(request, "upstream") : 0,
      TEMPERED: false,
      FUNCTION: functions.indexOf(name),
      UPSTREAM: upstream ? (upstream.size === 1 ? 1 : 2) : 0,
      GRADIENT: gradient !== undefined,
    },
    params,
  };
  const logits = inputRange(request.get("logits"));
  const factors = upstream && inputRange(upstream);
  for (let start = 0; start < rows; start += step) {
    const count = Math.min(step, rows - start);
    const shares = (each: number) => [start * each, count * each] as const;
    const second = factors && (upstream.size === 1 ? factors : slice(factors, ...shares(width)));
    builder.pass({
      kernel,
      bindings: {
        first: slice(logits, ...shares(classes)),
        output: slice(output, ...shares(width)),
        ...(second ? { second } : {}),
        ...(gradient ? { gradient: gradient.at(start, count) } : {}),
      },
      params: { rows: count, classes, upstream: upstream ? 1 : "upstream" },
      workgroups: Math.ceil(count / together),
      work: count * (classes * (gradient ? 12 : 4) + width * 4),
    });
    gradient?.finish(start, count);
  }
  const status = builder.buffer("status", statusBytes);
  const size = rows * width;
  planSum(builder, on, "tally", output, size, {
    ...{ status, emptyBits: 0, denominator: 1, counted: true },
    ...{ segments: 1, segmentLength: Math.max(size, 1) },
  });
  builder.status(status);
  builder.result("output", output, isOne ? lossShape : shape);
  return builder.build();
}
