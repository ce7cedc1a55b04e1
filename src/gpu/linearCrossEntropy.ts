import biasKernel from "../../shaders/linearBias.wgsl?raw";
import blocksKernel from "../../shaders/linearBlocks.wgsl?raw";
import outKernel from "../../shaders/linearOut.wgsl?raw";
import rowsPiece from "../../shaders/linearRows.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import rowFirst from "../../shaders/rowFirst.wgsl?raw";
import { Argument } from "../argument.js";
import { fail } from "../errors.js";
import type { LinearGeometry } from "../losses/linearCrossEntropy.js";
import { type Program, ProgramBuilder, type Range, slice, type Target } from "../plan.js";
import type { Request } from "../request.js";
import type { Call } from "../spec.js";
import { planCrossEntropy, type Source, type Turn } from "./crossEntropy.js";
import { loadPieces } from "./crossEntropyModule.js";
import { ALIGNED_ROWS, blocksOf, planProduct } from "./product.js";
import { plainRange, storageOf } from "./rowSlices.js";
import { inputRange } from "./rows.js";
import { chunkOf } from "./sums.js";

/** Bytes of logits that are made together: as many as hidden has, within these bounds. */
const LEAST = 16 * 2 ** 20;
const MOST = 64 * 2 ** 20;
/** And their rows: one thread walks over them for the bias. */
const MOST_ROWS = 8192;
/** Rows that a tile of a product has. */
const TILE = 64;
/** Bytes of a pass on a software adapter that leave others their turn. */
const SOFTWARE_PASS = 8 * 2 ** 20;

const rules = { every: 0, read: 1, asked: 2 } as const;

/** Rows that are made together. */
function turnRows(on: Target, { rows, classes, depth }: LinearGeometry): number {
  const wide = 16 * Math.max(blocksOf(classes), blocksOf(depth));
  const most = on.maxBinding - on.alignment;
  if (Math.max(4 * wide, ALIGNED_ROWS * 16 * blocksOf(depth)) > most) {
    fail(
      "LIMIT_EXCEEDED",
      `linearCrossEntropy: rows of ${Math.max(classes, depth)} numbers exceed the device's binding of ${on.maxBinding} bytes`,
    );
  }
  const bytes = Math.min(Math.max(rows * depth * 4, LEAST), MOST, most);
  const fit = Math.min(Math.floor(bytes / wide), MOST_ROWS, 4 * blocksOf(rows));
  return Math.max(fit - (fit % (fit < TILE ? 4 : TILE)), 4);
}

/** The call as the cross-entropy of logits that are not there yet. */
function logitsRequest(request: Request, { lossShape, classes, rows }: LinearGeometry): Request {
  const { hidden: _, linearWeight: __, linearBias: ___, ...others } = request.tensors;
  const logits = new Argument("logits", "f32", [...lossShape, classes], undefined, rows * classes);
  const isAsked = Object.keys(request.gradients).length > 0;
  const gradients = isAsked ? { logits: "inPlace" } : {};
  const tensors = { ...others, logits };
  return Object.assign(Object.create(request) as Request, { tensors, gradients });
}

/** What the passes of a call share. */
interface Frame {
  readonly builder: ProgramBuilder;
  readonly request: Request;
  readonly on: Target;
  readonly geometry: LinearGeometry;
}

/** Some of the classes, or of the rows. */
type Part = Pick<Turn, "first" | "count">;

/** So many, in parts of `step`. */
const partsOf = (all: number, step: number): Part[] =>
  Array.from({ length: Math.ceil(all / step) }, (_, at) => ({
    first: at * step,
    count: Math.min(step, all - at * step),
  }));

/** What tells the rows of a turn that have a say from the others; without a turn all have. */
function ruleOf(rule: keyof typeof rules, turn?: Turn) {
  return {
    constants: { RULE: turn ? rules[rule] : rules.every },
    declared: { rowStart: "u32", chunkStart: "u32", segmentLength: "u32" } as const,
    bindings: turn ? { rowInfo: turn.chunk.rowInfo, totals: turn.context.totals } : {},
    params: {
      rowStart: turn ? turn.first - turn.chunk.first : 0,
      chunkStart: turn?.chunk.first ?? 0,
      segmentLength: turn?.context.segmentLength ?? 1,
    },
  };
}

/** Plans the reading of rows [first, first + count) of a tensor into blocks. */
function planBlocks(
  { builder, request, geometry: { depth } }: Frame,
  name: string,
  { first, count }: Part,
  blocks: Range,
  { constants, declared, bindings, params }: ReturnType<typeof ruleOf>,
): void {
  const fours = 4 * blocksOf(count) * blocksOf(depth);
  const input = inputRange(request.get(name));
  builder.pass({
    kernel: {
      label: "rows in blocks",
      parts: [math, rowFirst, rowsPiece, blocksKernel],
      constants: { LANES: 1, ROWS: 64, FIRST_STORAGE: storageOf(request, name), ...constants },
      params: {
        rows: "u32",
        depth: "u32",
        depthBlocks: "u32",
        fours: "u32",
        firstStart: "u32",
        gridWidth: "u32",
        ...declared,
      },
    },
    bindings: { first: slice(input, first * depth, count * depth), blocks, ...bindings },
    params: { rows: count, depth, depthBlocks: blocksOf(depth), fours, ...params },
    workgroups: Math.ceil(fours / 64),
    work: fours * 32,
  });
}

/** Plans the way of gradients from rows that fill fours to rows as the caller reads them. */
function planOut(
  { builder, geometry: { depth } }: Frame,
  slopes: Range,
  gradient: Range,
  count: number,
  { constants, declared, bindings, params }: ReturnType<typeof ruleOf>,
): void {
  builder.pass({
    kernel: {
      label: "gradient of rows",
      parts: [rowsPiece, outKernel],
      constants,
      params: {
        rows: "u32",
        depth: "u32",
        depthBlocks: "u32",
        gradientStart: "u32",
        gridWidth: "u32",
        ...declared,
      },
    },
    bindings: { slopes, gradient, ...bindings },
    params: { rows: count, depth, depthBlocks: blocksOf(depth), ...params },
    workgroups: Math.ceil((count * depth) / 64),
    work: count * depth * 8,
  });
}

/** Plans the sums of the slopes of a turn, which join those of the turns before. */
function planBias(
  { builder, geometry: { classes } }: Frame,
  slopes: Range,
  sums: Range,
  { first, count }: Turn,
): void {
  const fours = blocksOf(classes);
  builder.pass({
    kernel: {
      label: "gradient of the bias",
      parts: [biasKernel],
      constants: { ACCUMULATE: first > 0 },
      params: { rows: "u32", fours: "u32", gridWidth: "u32" },
    },
    bindings: { slopes, sums },
    params: { rows: count, fours },
    workgroups: Math.ceil(fours / 64),
    work: (count + 1) * fours * 16,
  });
}

/** Logits that are products of hidden rows and weights, and what their gradients go back to. */
function linearSource(frame: Frame): Source {
  const { builder, request, on, geometry } = frame;
  const { rows, classes, depth, lossShape } = geometry;
  const { gradients } = request;
  const across = blocksOf(classes);
  const deep = blocksOf(depth);
  const together = turnRows(on, geometry);
  const room = (name: string, lines: number, fours: number): Range =>
    builder.buffer(name, lines * fours * 16);
  const logits = room("turnLogits", together, across);
  const hidden = room("hiddenBlocks", together, deep);
  const weight = room("weightBlocks", 4 * across, deep);
  const bias = plainRange(request, "linearBias");

  const result = (name: string, size: number, shape: readonly number[]): Range | undefined => {
    if (!gradients[name]) return undefined;
    const range = builder.buffer(`${name}Gradient`, size * 4);
    builder.result(`gradients.${name}`, range, shape);
    return range;
  };
  // Where rows are whole fours, their sums are gathered where the caller reads them.
  const isWhole = depth % 4 === 0;
  const hiddenGradient = result("hidden", rows * depth, [...lossShape, depth]);
  const lines = isWhole ? 4 * across : classes;
  const weightGradient = result("linearWeight", lines * depth, [classes, depth]);
  const biasGradient = result("linearBias", 4 * across, [classes]);
  const toHidden = hiddenGradient && room("hiddenSlopes", together, deep);
  const toWeight =
    weightGradient && (isWhole ? weightGradient : room("weightSlopes", 4 * across, deep));

  const held = (range: Range, { first, count }: Part): Range =>
    slice(range, first * deep * 4, blocksOf(count) * deep * 16);
  const parts = partsOf(classes, chunkOf(on, deep * 16, ALIGNED_ROWS));
  const most = on.software ? Math.min(SOFTWARE_PASS, on.maxBinding) : on.maxBinding;
  const small = partsOf(classes, chunkOf({ ...on, maxBinding: most }, deep * 16, ALIGNED_ROWS));
  for (const part of small) {
    planBlocks(frame, "linearWeight", part, held(weight, part), ruleOf("every"));
  }

  const make = (turn: Turn): void => {
    planBlocks(frame, "hidden", turn, hidden, ruleOf("read", turn));
    for (const part of parts) {
      const { first, count } = part;
      planProduct(builder, on, {
        label: "logits",
        method: "product",
        left: { range: hidden, stride: deep },
        right: { range: held(weight, part), stride: deep },
        product: { range: logits, inRows: true, first: first / 4, stride: across },
        ...(bias
          ? { bias: { range: slice(bias, first, count), rows: turn.count, columns: count } }
          : {}),
        rowBlocks: blocksOf(turn.count),
        columnBlocks: blocksOf(count),
        depthBlocks: deep,
      });
    }
  };
  const take = (turn: Turn): void => {
    const rowBlocks = blocksOf(turn.count);
    const asked = ruleOf("asked", turn);
    if (biasGradient) planBias(frame, logits, biasGradient, turn);
    if (toWeight) planBlocks(frame, "hidden", turn, hidden, asked);
    for (const part of parts) {
      const { first } = part;
      const fours = blocksOf(part.count);
      const left = { range: logits, inRows: true, first: first / 4, stride: across };
      if (toWeight) {
        planProduct(builder, on, {
          label: "gradient of weights",
          method: "product",
          left: { ...left, turned: true },
          right: { range: hidden, stride: deep, turned: true },
          product: { range: held(toWeight, part), inRows: true, stride: deep },
          rowBlocks: fours,
          columnBlocks: deep,
          depthBlocks: rowBlocks,
          accumulate: turn.first > 0,
        });
      }
      if (toHidden) {
        planProduct(builder, on, {
          label: "gradient of hidden rows",
          method: "product",
          left,
          right: { range: held(weight, part), stride: deep, turned: true },
          product: { range: toHidden, inRows: true, stride: deep },
          rowBlocks,
          columnBlocks: deep,
          depthBlocks: fours,
          accumulate: first > 0,
        });
      }
    }
    if (hiddenGradient && toHidden) {
      const gradient = slice(hiddenGradient, turn.first * depth, turn.count * depth);
      planOut(frame, toHidden, gradient, turn.count, asked);
    }
    if (!weightGradient || isWhole || turn.first + turn.count < rows) return;
    for (const part of small) {
      const gradient = slice(weightGradient, part.first * depth, part.count * depth);
      planOut(frame, held(toWeight as Range, part), gradient, part.count, ruleOf("every"));
    }
  };
  return { logits, rowStride: 4 * across, together, make, take };
}

/** Cross-entropy's own kernels over logits that are made a turn of rows after the other. */
export function planLinearCrossEntropy(
  request: Request,
  geometry: LinearGeometry,
  on: Target,
): Program {
  const builder = new ProgramBuilder("linearCrossEntropy");
  const source = linearSource({ builder, request, on, geometry });
  return planCrossEntropy(logitsRequest(request, geometry), geometry, on, builder, source);
}
planLinearCrossEntropy.load = (call?: Call<LinearGeometry>): Promise<unknown> | undefined =>
  loadPieces(call && { ...call, request: logitsRequest(call.request, call.geometry) });
