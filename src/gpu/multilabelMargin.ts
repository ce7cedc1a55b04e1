import expLog from "../../shaders/expLog.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import main from "../../shaders/multilabelMargin.wgsl?raw";
import alone from "../../shaders/rowAlone.wgsl?raw";
import firstSide from "../../shaders/rowFirst.wgsl?raw";
import info from "../../shaders/rowInfo.wgsl?raw";
import point from "../../shaders/rowPoint.wgsl?raw";
import scan from "../../shaders/rowScan.wgsl?raw";
import sums from "../../shaders/rowSums.wgsl?raw";
import tree from "../../shaders/rowTree.wgsl?raw";
import { gpuDType } from "../dtype.js";
import type { RowGeometry } from "../families/rowShape.js";
import { isJudged } from "../labels.js";
import { type Program, ProgramBuilder, slice, type Target } from "../plan.js";
import type { Request } from "../request.js";
import { rowParams } from "./row.js";
import { rowShape } from "./rowShape.js";
import { gradientStore, rowsPerPass, storageOf } from "./rowSlices.js";
import { inputRange, planReduction, planRows } from "./rows.js";

/** The multi-label margin loss: passes over as many rows as fit, then the reduction. */
export function planMultilabelMargin(
  request: Request,
  { shape, rows, classes, lossShape }: RowGeometry,
  on: Target,
): Program {
  const builder = new ProgramBuilder("multilabelMargin");
  const context = planRows(builder, request, on, lossShape);
  const labels = request.get("targets");
  if (!isJudged(request, "targets")) {
    const rule = `labels in ${request.where("targets")} lie outside [0, ${classes})`;
    builder.status(context.status, rule);
  }
  const words = gpuDType(labels.dtype) === "i64" ? 2 : 1;
  const { lanes, rows: together } = rowShape(on, rows, classes, false);
  const step = rowsPerPass(request, on, classes, 4 * words);
  const values = builder.buffer("values", rows * 4);
  const listed = builder.buffer("listed", Math.min(step, rows) * classes * 4);
  const gradient = gradientStore(builder, request, "scores", shape, { rows, step, width: classes });
  const kernel = {
    label: "multilabelMargin",
    parts: [
      ...[math, expLog, firstSide, info, scan, sums, lanes === 1 ? alone : tree],
      ...[point, main],
    ],
    constants: {
      LANES: lanes,
      ROWS: together,
      FIRST_STORAGE: storageOf(request, "scores"),
      LABEL_WORDS: words,
      TEMPERED: false,
      GRADIENT: gradient !== undefined,
    },
    params: rowParams,
  };
  const scores = inputRange(request.get("scores"));
  for (let start = 0; start < rows; start += step) {
    const count = Math.min(step, rows - start);
    const part = [start * classes, count * classes] as const;
    builder.pass({
      kernel,
      bindings: {
        first: slice(scores, ...part),
        second: slice(inputRange(labels), ...part),
        rowInfo: context.rowInfo,
        totals: context.totals,
        status: context.status,
        values,
        listed,
        ...(gradient ? { gradient: gradient.at(start, count) } : {}),
      },
      params: {
        rows: count,
        classes,
        rowStart: start,
        segmentLength: context.segmentLength,
        share: 1 / classes,
      },
      workgroups: Math.ceil(count / together),
      work: count * classes * 16,
    });
    gradient?.finish(start, count);
  }
  planReduction(builder, request, on, lossShape, values, context);
  return builder.build();
}
