import expLog from "../../shaders/expLog.wgsl?raw";
import hookMath from "../../shaders/hookMath.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import alone from "../../shaders/rowAlone.wgsl?raw";
import firstSide from "../../shaders/rowFirst.wgsl?raw";
import info from "../../shaders/rowInfo.wgsl?raw";
import main from "../../shaders/rowLabel.wgsl?raw";
import scan from "../../shaders/rowScan.wgsl?raw";
import sums from "../../shaders/rowSums.wgsl?raw";
import tree from "../../shaders/rowTree.wgsl?raw";
import type { RowLabelProblem } from "../families/rowLabel.js";
import { type Program, ProgramBuilder, slice, type Target } from "../plan.js";
import type { Request } from "../request.js";
import { numbersOf, rowParams } from "./row.js";
import { rowShape } from "./rowShape.js";
import { gradientStore, plainRange, rowsPerPass, storageOf } from "./rowSlices.js";
import { inputRange, planReduction, planRows } from "./rows.js";

/** A loss of the label's probability: passes over as many rows as fit, then the reduction. */
export function planRowLabel(request: Request, problem: RowLabelProblem, on: Target): Program {
  const { loss, rows, classes, shape, lossShape, first, labels: name } = problem;
  const builder = new ProgramBuilder(loss.name);
  const unweighted = !loss.labelCounts;
  const context = planRows(builder, request, on, lossShape, {
    name,
    classes,
    shift: 0,
    unweighted,
  });
  const values = builder.buffer("values", rows * 4);
  const { lanes, rows: together } = rowShape(on, rows, classes, false);
  const step = rowsPerPass(request, on, classes, 4);
  const gradient = gradientStore(builder, request, first, shape, { rows, step, width: classes });
  const extras = plainRange(request, loss.labelFactor);
  const isNumber = loss.labelFactor !== undefined && loss.labelFactor in request.numbers;
  const numbers = numbersOf(loss.options);
  const kernel = {
    label: loss.name,
    parts: [
      ...[math, hookMath, expLog, firstSide, info, scan, sums, lanes === 1 ? alone : tree],
      ...[loss.wgsl, main],
    ],
    constants: {
      LANES: lanes,
      ROWS: together,
      FIRST_STORAGE: storageOf(request, first),
      SOFTMAX: loss.form === "logits",
      TEMPERED: false,
      LABEL_FACTOR: extras ? 2 : isNumber ? 1 : 0,
      GRADIENT: gradient !== undefined,
    },
    params: {
      ...rowParams,
      labelFactor: "f32",
      ...Object.fromEntries(numbers.map((number) => [number, "f32"])),
    },
  } as const;
  const input = inputRange(request.get(first));
  for (let start = 0; start < rows; start += step) {
    const count = Math.min(step, rows - start);
    builder.pass({
      kernel,
      bindings: {
        first: slice(input, start * classes, count * classes),
        rowInfo: context.rowInfo,
        totals: context.totals,
        values,
        ...(extras ? { extras } : {}),
        ...(gradient ? { gradient: gradient.at(start, count) } : {}),
      },
      params: {
        rows: count,
        classes,
        rowStart: start,
        segmentLength: context.segmentLength,
        labelFactor: isNumber ? (loss.labelFactor as string) : 1,
        ...Object.fromEntries(numbers.map((number) => [number, number])),
      },
      workgroups: Math.ceil(count / together),
      work: count * classes * (gradient ? 12 : 4),
    });
    gradient?.finish(start, count);
  }
  planReduction(builder, request, on, lossShape, values, context);
  return builder.build();
}
