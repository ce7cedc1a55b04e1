import expLog from "../../shaders/expLog.wgsl?raw";
import alone from "../../shaders/lanesAlone.wgsl?raw";
import tree from "../../shaders/lanesTree.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import firstSide from "../../shaders/rowFirst.wgsl?raw";
import info from "../../shaders/rowInfo.wgsl?raw";
import metrics from "../../shaders/rowMetrics.wgsl?raw";
import main from "../../shaders/rowPairs.wgsl?raw";
import secondSide from "../../shaders/rowSecond.wgsl?raw";
import { gpuDType } from "../dtype.js";
import type { PairGeometry } from "../families/rowPairs.js";
import { type Program, ProgramBuilder, type Range, slice, type Target } from "../plan.js";
import type { Request } from "../request.js";
import { planDegenerate } from "./directions.js";
import { plainRange, planPack, rowsPerPass, storageOf } from "./rowSlices.js";
import { inputRange, planReduction, planRows } from "./rows.js";

const measures = { l2: 0, squared: 1, cosine: 5 } as const;
const sides = ["first", "second", "third"] as const;

/** Code of a measure in shaders/rowMetrics.wgsl; the norms that need no power have kernels of their own. */
function measureOf(request: Request, measure: PairGeometry["measure"]): number {
  if (measure !== "p") return measures[measure];
  const p = request.number("p");
  if (p === 1) return 2;
  if (p === 2) return measures.l2;
  return p === Number.POSITIVE_INFINITY ? 3 : 4;
}

/** Plans a loss on given pairs of vectors: passes over as many rows as fit, then the reduction. */
export function planRowPairs(
  request: Request,
  geometry: PairGeometry,
  on: Target,
  hook: string,
): Program {
  const { names, pairs, measure, shape, lossShape, rows, depth } = geometry;
  const builder = new ProgramBuilder(request.spec.name);
  const context = planRows(builder, request, on, lossShape);
  const values = builder.buffer("values", (1 + names.length) * rows * 4);
  const labels = plainRange(request, "targets");
  const wanted = names.filter((name) => request.gradients[name]);
  const width = Math.max(depth, 1);
  // What lies between the planes of gradients to align them takes room too.
  const spared = { ...on, maxBinding: on.maxBinding - wanted.length * on.alignment };
  const step = rowsPerPass(request, spared, width, 4 * Math.max(wanted.length, 1));
  const held = Math.min(step, rows);
  // Each input's gradient begins at an aligned address, in one buffer because a kernel has only eight.
  const aligned = (on.alignment / 4) * Math.ceil((held * depth * 4) / on.alignment);
  const room =
    wanted.length > 0 ? builder.buffer("gradient", wanted.length * aligned * 4) : undefined;
  const isWhole = step >= rows && !Object.values(request.gradients).includes("inPlace");
  const code = measureOf(request, measure);
  const lanes = on.software ? 1 : 32;
  const numbers = ["margin", ...(code === 4 ? ["p"] : [])];
  const kernel = {
    label: request.spec.name,
    parts: [
      ...[math, expLog, firstSide, secondSide, info, metrics, main],
      ...[lanes === 1 ? alone : tree, hook],
    ],
    constants: {
      LANES: lanes,
      ROWS: 4,
      COUNT: pairs.length,
      MEASURE: code,
      WANTED: names.reduce((bits, name, at) => bits | (request.gradients[name] ? 1 << at : 0), 0),
      LABELLED: labels !== undefined,
      SWAPPED: request.choices.swap === true,
      ACTIVE_AT_KINK: request.choices.kink === "torch",
      FIRST_STORAGE: storageOf(request, names[0] as string),
      SECOND_STORAGE: storageOf(request, names[1] as string),
      THIRD_STORAGE: names[2] ? storageOf(request, names[2]) : 0,
    },
    params: {
      rows: "u32",
      classes: "u32",
      rowStart: "u32",
      totalRows: "u32",
      segmentLength: "u32",
      planeLength: "u32",
      firstStart: "u32",
      secondStart: "u32",
      thirdStart: "u32",
      labelsStart: "u32",
      gridWidth: "u32",
      eps: "f32",
      margin: "f32",
      p: "f32",
    },
  } as const;
  const finals = wanted.map((name, plane) => {
    const isOver = request.gradients[name] === "inPlace";
    const dtype = isOver ? gpuDType(request.get(name).dtype) : "f32";
    const range = isOver
      ? inputRange(request.get(name))
      : isWhole && room
        ? slice(room, plane * aligned, rows * depth)
        : builder.buffer(`${name}Gradient`, rows * depth * 4);
    builder.result(`gradients.${name}`, range, shape, dtype);
    return { range, storage: isOver ? storageOf(request, name) : 0 };
  });
  for (let start = 0; start < rows; start += step) {
    const count = Math.min(step, rows - start);
    const bindings: Record<string, Range> = {};
    for (const [at, name] of names.entries()) {
      const input = inputRange(request.get(name));
      bindings[sides[at] as string] = slice(input, start * depth, count * depth);
    }
    builder.pass({
      kernel,
      bindings: {
        ...bindings,
        rowInfo: context.rowInfo,
        totals: context.totals,
        values,
        ...(labels ? { labels } : {}),
        ...(room ? { gradient: room } : {}),
      },
      params: {
        rows: count,
        classes: depth,
        rowStart: start,
        totalRows: rows,
        segmentLength: context.segmentLength,
        planeLength: aligned,
        eps: code === measures.squared || request.numbers.eps === undefined ? 0 : "eps",
        ...Object.fromEntries(numbers.map((name) => [name, name])),
      },
      workgroups: Math.ceil(count / 4),
      work: count * depth * 4 * (2 * names.length + wanted.length),
    });
    if (isWhole || !room) continue;
    for (const [plane, { range, storage }] of finals.entries()) {
      const part = slice(room, plane * aligned, count * depth);
      const place = slice(range, start * depth, count * depth);
      planPack(builder, part, place, storage, count * depth);
    }
  }
  planReduction(builder, request, on, lossShape, slice(values, 0, rows), context);
  if (measure === "cosine") {
    const count = names.length * rows;
    planDegenerate(builder, on, context.status, [{ powers: slice(values, rows, count), count }]);
  }
  return builder.build();
}
