import expLog from "../../shaders/expLog.wgsl?raw";
import exponential from "../../shaders/exponential.wgsl?raw";
import hookMath from "../../shaders/hookMath.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import main from "../../shaders/row.wgsl?raw";
import alone from "../../shaders/rowAlone.wgsl?raw";
import cells from "../../shaders/rowCells.wgsl?raw";
import firstSide from "../../shaders/rowFirst.wgsl?raw";
import info from "../../shaders/rowInfo.wgsl?raw";
import items from "../../shaders/rowItems.wgsl?raw";
import point from "../../shaders/rowPoint.wgsl?raw";
import scan from "../../shaders/rowScan.wgsl?raw";
import secondSide from "../../shaders/rowSecond.wgsl?raw";
import sums from "../../shaders/rowSums.wgsl?raw";
import tree from "../../shaders/rowTree.wgsl?raw";
import type { Against, RowForm, RowProblem } from "../families/row.js";
import { type Kernel, type Program, ProgramBuilder, slice, type Target } from "../plan.js";
import type { Request } from "../request.js";
import type { OptionSpecs } from "../spec.js";
import { rowShape } from "./rowShape.js";
import { gradientStore, plainRange, rowsPerPass, storageOf } from "./rowSlices.js";
import { inputRange, planReduction, planRows } from "./rows.js";

/** Codes of the forms in the shaders; `klDivergence`'s words stand in the same order. */
const forms: Readonly<Record<RowForm | Against, number>> = {
  logits: 0,
  logProbs: 1,
  probs: 2,
  plain: 3,
  margin: 4,
  others: 5,
  table: 6,
  nothing: 7,
};

/** A loss's words as constants, by their place among the possible values: `inputForm` is INPUT_FORM. */
function words(request: Request): Record<string, number> {
  const constants: Record<string, number> = {};
  for (const [name, option] of Object.entries(request.spec.options)) {
    if (!("values" in option)) continue;
    const capitals = name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
    constants[capitals] = option.values.indexOf(request.choices[name] as string);
  }
  return constants;
}

/** The number options of a loss: uniforms, so that another value needs no other kernel. */
export function numbersOf(options: OptionSpecs): string[] {
  return Object.entries(options).flatMap(([name, option]) =>
    typeof option.default === "number" && !("tensor" in option) && name !== "ignoreIndex"
      ? [name]
      : [],
  );
}

/** Params that each kernel over rows has, beside a loss's own numbers. */
export const rowParams: Kernel["params"] = {
  rows: "u32",
  classes: "u32",
  rowStart: "u32",
  segmentLength: "u32",
  gridWidth: "u32",
  firstStart: "u32",
  secondStart: "u32",
  extrasStart: "u32",
  gradientStart: "u32",
  gradientAgainstStart: "u32",
  share: "f32",
  temperature: "f32",
};

function kernelOf(request: Request, problem: RowProblem, on: Target): Kernel & { rows: number } {
  const { loss, rows, classes, first, second, form, against, by, byAgainst } = problem;
  const { lanes, rows: together } = rowShape(on, rows, classes, false);
  const itemMask = loss.itemMask ? request.tensors[loss.itemMask] : undefined;
  const partner = second ?? loss.table;
  const has = (name: string | undefined): boolean => Boolean(name && request.tensors[name]);
  const numbers = numbersOf(loss.options);
  return {
    label: loss.name,
    parts: [
      ...[
        math,
        hookMath,
        exponential,
        expLog,
        firstSide,
        secondSide,
        info,
        scan,
        sums,
        lanes === 1 ? alone : tree,
      ],
      ...[point, items, cells, loss.wgsl, main],
    ],
    constants: {
      LANES: lanes,
      ROWS: together,
      FIRST_STORAGE: storageOf(request, first),
      SECOND_STORAGE: partner ? storageOf(request, partner) : 0,
      FORM: forms[form],
      AGAINST: forms[against],
      BY_LOG: by === "log",
      AGAINST_BY_LOG: byAgainst === "log",
      TEMPERED: "temperature" in loss.options,
      ITEMS: itemMask ? (itemMask.isFloat() ? 1 : 2) : 0,
      CLASS_FACTOR: has(loss.classFactor),
      LABEL_FACTOR: has(loss.labelFactor),
      GRADIENT: first in request.gradients,
      GRADIENT_AGAINST: second !== undefined && second in request.gradients,
      ...words(request),
    },
    params: { ...rowParams, ...Object.fromEntries(numbers.map((name) => [name, "f32"])) },
    rows: together,
  };
}

/** A loss that is a sum over the classes of a row: passes over as many rows as fit, then the reduction. */
export function planRow(request: Request, problem: RowProblem, on: Target): Program {
  const { loss, rows, classes, shape, lossShape, first, second, labels, form } = problem;
  const builder = new ProgramBuilder(loss.name);
  const counted = labels ? { name: labels, classes, shift: 0, unweighted: true } : undefined;
  const context = planRows(builder, request, on, lossShape, counted);
  const values = builder.buffer("values", rows * 4);
  const { rows: together, ...kernel } = kernelOf(request, problem, on);
  const step = rowsPerPass(request, on, classes, 4);
  const sizes = { rows, step, width: classes };
  const gradient = gradientStore(builder, request, first, shape, sizes);
  const gradientAgainst = gradientStore(builder, request, second, shape, sizes);
  const itemMask = loss.itemMask ? request.tensors[loss.itemMask] : undefined;
  const factors = plainRange(request, loss.labelFactor) ?? plainRange(request, loss.classFactor);
  const table = loss.table ? inputRange(request.get(loss.table)) : undefined;
  const ranges = {
    first: inputRange(request.get(first)),
    second: second ? inputRange(request.get(second)) : undefined,
    items: itemMask ? inputRange(itemMask) : undefined,
  };
  const numbers = numbersOf(loss.options);
  const streams = 1 + Number(second !== undefined) + Number(!!gradient) + Number(!!gradientAgainst);
  for (let start = 0; start < rows; start += step) {
    const count = Math.min(step, rows - start);
    const part = (name: keyof typeof ranges) => {
      const range = ranges[name];
      return range && slice(range, start * classes, count * classes);
    };
    const bindings = {
      first: part("first"),
      second: part("second") ?? table,
      extras: part("items") ?? factors,
      gradient: gradient?.at(start, count),
      gradientAgainst: gradientAgainst?.at(start, count),
    };
    builder.pass({
      kernel,
      bindings: {
        rowInfo: context.rowInfo,
        totals: context.totals,
        values,
        ...Object.fromEntries(Object.entries(bindings).flatMap(([k, r]) => (r ? [[k, r]] : []))),
      },
      params: {
        rows: count,
        classes,
        rowStart: start,
        segmentLength: context.segmentLength,
        share: loss.classMean ? 1 / classes : 1,
        temperature: 1,
        ...Object.fromEntries(numbers.map((name) => [name, name])),
      },
      workgroups: Math.ceil(count / together),
      work: count * classes * 4 * (streams + Number(form === "logits")),
    });
    gradient?.finish(start, count);
    gradientAgainst?.finish(start, count);
  }
  planReduction(builder, request, on, lossShape, values, context);
  return builder.build();
}
