import math from "../../shaders/math.wgsl?raw";
import firstSide from "../../shaders/rowFirst.wgsl?raw";
import info from "../../shaders/rowInfo.wgsl?raw";
import secondSide from "../../shaders/rowSecond.wgsl?raw";
import type { ProgramBuilder, Range, RowShape, Target } from "../plan.js";
import { slice } from "../plan.js";
import type { Request } from "../request.js";
import { numbersOf } from "./row.js";
import { gradientStore, rowsPerPass, storageOf } from "./rowSlices.js";
import { inputRange, type Rows } from "./rows.js";

/** The param of a number option: its name, but where WGSL keeps that word to itself. */
const paramOf = (name: string): string => (name === "smooth" ? "smoothing" : name);

/** Rows of two tensors of one shape, and the kernel that makes of each pair a value and the gradients to both. */
export interface PairedRows {
  readonly label: string;
  /** What stands behind the parts that read rows and report them. */
  readonly parts: readonly string[];
  readonly inputs: readonly [string, string];
  readonly shape: readonly number[];
  readonly rows: number;
  readonly width: number;
  readonly layout: RowShape;
  readonly constants: Readonly<Record<string, number | boolean>>;
  readonly bindings: Readonly<Record<string, Range>>;
}

/** Plans the passes over two tensors of rows, as many rows at once as fit; publishes their gradients. */
export function planPairedRows(
  builder: ProgramBuilder,
  request: Request,
  on: Target,
  context: Rows,
  { label, parts, inputs, shape, rows, width, layout, constants, bindings }: PairedRows,
): void {
  const [first, second] = inputs;
  const numbers = numbersOf(request.spec.options);
  const step = rowsPerPass(request, on, width, 4);
  const sizes = { rows, step, width };
  const gradient = gradientStore(builder, request, first, shape, sizes);
  const gradientAgainst = gradientStore(builder, request, second, shape, sizes);
  const streams = 2 + Number(gradient !== undefined) + Number(gradientAgainst !== undefined);
  const ranges = [inputRange(request.get(first)), inputRange(request.get(second))] as const;
  const kernel = {
    label,
    parts: [math, firstSide, secondSide, info, ...parts],
    constants: {
      LANES: layout.lanes,
      ROWS: layout.rows,
      FIRST_STORAGE: storageOf(request, first),
      SECOND_STORAGE: storageOf(request, second),
      GRADIENT: gradient !== undefined,
      GRADIENT_AGAINST: gradientAgainst !== undefined,
      ...constants,
    },
    params: {
      rows: "u32",
      classes: "u32",
      rowStart: "u32",
      totalRows: "u32",
      segmentLength: "u32",
      gridWidth: "u32",
      firstStart: "u32",
      secondStart: "u32",
      gradientStart: "u32",
      gradientAgainstStart: "u32",
      ...Object.fromEntries(numbers.map((name) => [paramOf(name), "f32"] as const)),
    },
  } as const;
  for (let start = 0; start < rows; start += step) {
    const count = Math.min(step, rows - start);
    builder.pass({
      kernel,
      bindings: {
        first: slice(ranges[0], start * width, count * width),
        second: slice(ranges[1], start * width, count * width),
        rowInfo: context.rowInfo,
        totals: context.totals,
        ...(gradient ? { gradient: gradient.at(start, count) } : {}),
        ...(gradientAgainst ? { gradientAgainst: gradientAgainst.at(start, count) } : {}),
        ...bindings,
      },
      params: {
        rows: count,
        classes: width,
        rowStart: start,
        totalRows: rows,
        segmentLength: context.segmentLength,
        ...Object.fromEntries(numbers.map((name) => [paramOf(name), name])),
      },
      workgroups: Math.ceil(count / layout.rows),
      work: count * width * 4 * streams,
    });
    gradient?.finish(start, count);
    gradientAgainst?.finish(start, count);
  }
}
