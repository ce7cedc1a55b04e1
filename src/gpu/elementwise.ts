import { repeats } from "../broadcast.js";
import { bytesPerElement, gpuDType } from "../dtype.js";
import { fail } from "../errors.js";
import type { ElementwiseLoss } from "../families/elementwise.js";
import type { Arrangement, Operand } from "../families/operands.js";
import {
  type Program,
  ProgramBuilder,
  type Range,
  slice,
  statusBytes,
  type Target,
} from "../plan.js";
import type { Request } from "../request.js";
import { sizeOf } from "../tensor.js";
import {
  type Group,
  groupsOf,
  isPaired,
  type Problem,
  problemOf,
  variantOf,
} from "./elementwiseGroups.js";
import { bindingsOf, elementwiseKernel, gatherKernel } from "./elementwiseModule.js";
import { inputRange, planSettle } from "./rows.js";
import { BLOCK, emptyBitsOf, lanesOf, planTotal, sumsOf } from "./sums.js";

/** Elements of one pass, and the blocks that it sums. */
interface Slice {
  readonly first: number;
  readonly count: number;
  readonly firstBlock: number;
  readonly blocks: number;
}

/** With fewer numbers than this, a whole workgroup works on each number of a stretched input. */
const FEW = { software: 4, hardware: 64 };
/** Partial sums of one number, which one lane adds up. */
const MOST_CHUNKS = 4096;
const alone = { wanted: [], valued: false };

/** Elements of a pass: what fits a binding, and on a software adapter what stays well under a slice. */
function elementsPerPass({ operands, request }: Problem, on: Target): number {
  const most = on.software ? Math.min(on.maxBinding, 8 * 2 ** 20) : on.maxBinding;
  const units = operands.map(({ name }) => {
    const argument = request.tensors[name];
    return argument ? bytesPerElement[gpuDType(argument.dtype)] : 4;
  });
  // A binding begins at an aligned address before the first element.
  const elements = Math.floor((most - on.alignment) / Math.max(4, ...units));
  return Math.max(Math.floor(elements / BLOCK), 1) * BLOCK;
}

/** Slices of a pass over all elements. Paired lanes own two each, and may begin one early and end one late. */
function slicesOf(size: number, most: number, paired: boolean): Slice[] {
  const slices: Slice[] = [];
  let firstBlock = 0;
  for (let first = 0; first < size; first += most) {
    const count = Math.min(most, size - first);
    const blocks = Math.ceil((paired ? count + 2 : count) / BLOCK);
    slices.push({ first, count, firstBlock, blocks });
    firstBlock += blocks;
  }
  return slices;
}

/** Slices whose blocks do not reach from one segment into the next. */
function segmentSlices({ denominator }: Problem, most: number, blocksPerSegment: number): Slice[] {
  const { segment, segments } = denominator;
  const together = Math.floor(most / segment);
  const slices: Slice[] = [];
  for (let at = 0; at < segments; at += Math.max(together, 1)) {
    const first = at * segment;
    const firstBlock = at * blocksPerSegment;
    const some = Math.min(together, segments - at);
    if (some > 0) {
      slices.push({ first, count: some * segment, firstBlock, blocks: some * blocksPerSegment });
      continue;
    }
    for (const part of slicesOf(segment, most, false)) {
      const shifted = { first: first + part.first, firstBlock: firstBlock + part.firstBlock };
      slices.push({ ...part, ...shifted });
    }
  }
  return slices;
}

/** The values of the params that a hook and its operands read. */
function operandParams({ operands, loss, request }: Problem): Record<string, number | string> {
  const params: Record<string, number | string> = {};
  for (const name of Object.keys(loss.options)) {
    if (request.numbers[name] !== undefined) params[name] = name;
  }
  for (const { name, stretch = [], fallback } of operands) {
    if (request.numbers[name] === undefined && fallback !== null) params[name] = fallback;
    for (const [at, extent] of stretch.entries()) {
      params[`${name}${at % 2 === 0 ? "Repeat" : "Own"}${Math.floor(at / 2)}`] = extent;
    }
  }
  return params;
}

/** What all passes of one call share. */
class Planner {
  readonly builder: ProgramBuilder;
  readonly problem: Problem;
  readonly on: Target;
  readonly lanes: number;
  readonly most: number;
  readonly folded: boolean;
  readonly ranges: Record<string, Range> = {};
  readonly #params: Record<string, number | string>;
  constructor(problem: Problem, on: Target, folded: boolean) {
    const { request, denominator, constant, loss } = problem;
    this.builder = new ProgramBuilder(loss.name);
    this.problem = problem;
    this.on = on;
    this.lanes = lanesOf(on);
    this.most = elementsPerPass(problem, on);
    this.folded = folded;
    this.#params = {
      ...operandParams(problem),
      segmentLength: denominator.segment,
      denominator: constant,
      upstream: "upstream",
    };
    for (const [name, argument] of Object.entries(request.tensors)) {
      this.ranges[name] = inputRange(argument);
    }
  }

  buffer(name: string, bytes: number): Range {
    const range = this.builder.buffer(name, bytes);
    this.ranges[name] = range;
    return range;
  }

  /** Ranges of what a pass binds: a slice of what has a number per element, all of everything else. */
  bindings(names: readonly string[], { first, count }: Slice): Record<string, Range> {
    const { operands, request } = this.problem;
    const whole = new Set(["totals", "sums", "partials"]);
    for (const { name, stretch } of operands) if (stretch) whole.add(name);
    if (request.tensors.upstream?.size === 1) whole.add("upstream");
    const bound: Record<string, Range> = {};
    for (const name of names) {
      const range = this.ranges[name] as Range;
      bound[name] = whole.has(name) ? range : slice(range, first, count);
    }
    return bound;
  }

  /** Finds the denominators: sums of masks and weights block by block, then their settling. */
  settle(): void {
    const { problem, builder, on, folded } = this;
    const { request, size, denominator, loss } = problem;
    const { segment, segments, term } = denominator;
    const blocksPerSegment = Math.max(Math.ceil(segment / BLOCK), 1);
    const tallies = size > 0 && (folded || term !== "constant");
    const partials = this.buffer("partials", tallies ? blocksPerSegment * segments * 12 : 4);
    const totals = this.buffer("totals", (segments + 2) * 4);
    const status = this.buffer("status", statusBytes);
    if (folded) this.buffer("folded", size * 4);
    const variant = variantOf(problem, "tally", alone, folded);
    const more = { BLOCK, WEIGHS: term === "weight" };
    const kernel = elementwiseKernel(loss, variant, this.lanes, {}, more);
    const names = bindingsOf(variant).map(({ name }) => name);
    for (const part of tallies ? segmentSlices(problem, this.most, blocksPerSegment) : []) {
      const { first, count, firstBlock, blocks } = part;
      builder.pass({
        kernel,
        bindings: this.bindings(names, part),
        params: { first, firstBlock, blocks, blocksPerSegment, segmentLength: segment },
        workgroups: blocks,
        work: count * 4 * (names.length - 1),
      });
    }
    const brought = { blocksPerSegment: tallies ? blocksPerSegment : 0, partials, totals, status };
    planSettle(builder, request, on, { denominator, ...brought });
  }

  /** One pass over all elements: some gradients, and the losses and their sums if it is to take them. */
  stream(group: Group): void {
    const { problem, folded } = this;
    const variant = variantOf(problem, "stream", group, folded);
    const kernel = elementwiseKernel(problem.loss, variant, this.lanes, problem.request.choices);
    const paired = isPaired(problem, group);
    const names = bindingsOf(variant).map(({ name }) => name);
    for (const part of slicesOf(problem.size, this.most, paired)) {
      this.builder.pass({
        kernel,
        bindings: this.bindings(names, part),
        params: { ...this.#params, ...part, block: paired ? BLOCK / 2 : BLOCK },
        workgroups: part.blocks,
        work: part.count * 4 * names.length,
      });
    }
  }

  /** The gradient of a stretched input: for each of its numbers the sum over everywhere that it is repeated. */
  stretched({ name, stretch = [], shape = [] }: Operand, gradient: Range): void {
    const { problem, builder, on, lanes, folded } = this;
    const outputs = sizeOf(shape);
    const positions = repeats(stretch);
    const shared = outputs < (on.software ? FEW.software : FEW.hardware);
    const length = Math.max(shared ? BLOCK : BLOCK / 4, Math.ceil(positions / MOST_CHUNKS));
    const chunks = Math.ceil(positions / length);
    const slices = slicesOf(problem.size, this.most, false);
    const planes = chunks * slices.length;
    const partials =
      planes === 1 ? gradient : builder.buffer(`${name}Partials`, planes * outputs * 4);
    const variant = variantOf(problem, "stretched", { wanted: [name], valued: false }, folded);
    const more = { SHARED: shared };
    const kernel = elementwiseKernel(problem.loss, variant, lanes, problem.request.choices, more);
    const names = bindingsOf(variant).flatMap((one) => (one.name === "partials" ? [] : [one.name]));
    for (const [at, part] of slices.entries()) {
      const sizes = { outputs, positions, length, chunks, firstPlane: at * chunks };
      builder.pass({
        kernel,
        bindings: { ...this.bindings(names, part), partials },
        params: { ...this.#params, ...part, ...sizes },
        workgroups: (shared ? outputs : Math.ceil(outputs / lanes)) * chunks,
        work: part.count * 4 * names.length,
      });
    }
    if (planes === 1) return;
    builder.pass({
      kernel: gatherKernel(lanes),
      bindings: { partials, gradient },
      params: { outputs, planes },
      workgroups: Math.ceil(outputs / lanes),
      work: planes * outputs * 4,
    });
  }

  /** Makes room for a gradient, or shows the input that it overwrites; a stretched input's is computed at once. */
  gradient(operand: Operand): void {
    const { problem, builder } = this;
    const { name, stretch, shape = [] } = operand;
    const place = problem.request.gradients[name];
    if (!place) return;
    if (place === "inPlace") {
      const dtype = gpuDType(problem.request.get(name).dtype);
      builder.result(`gradients.${name}`, this.ranges[name] as Range, shape, dtype);
      return;
    }
    const range = this.buffer(`${name}Gradient`, sizeOf(shape) * 4);
    builder.result(`gradients.${name}`, range, shape);
    if (stretch) this.stretched(operand, range);
  }
}

/** A stretched input is bound whole, whatever part of the losses a pass takes. */
function expectBindable({ operands, request }: Problem, on: Target): void {
  for (const { name, stretch } of operands) {
    const argument = request.tensors[name];
    if (!stretch || !argument) continue;
    const { bytes } = inputRange(argument);
    if (bytes + on.alignment <= on.maxBinding) continue;
    fail(
      "LIMIT_EXCEEDED",
      `${request.where(name)} is stretched and has ${bytes} bytes, expected at most ${on.maxBinding}, a binding of this device`,
    );
  }
}

/** Losses, gradients and sums in one pass over the elements, where the bindings suffice. */
export function planElementwise(
  loss: ElementwiseLoss,
  request: Request,
  arrangement: Arrangement,
  on: Target,
): Program {
  const problem = problemOf(loss, request, arrangement);
  expectBindable(problem, on);
  const { groups, folded } = groupsOf(problem);
  const planner = new Planner(problem, on, folded);
  const { builder } = planner;
  const { size, lossShape, settled, denominator, constant } = problem;
  if (settled) planner.settle();
  else planner.buffer("status", statusBytes);
  const { status, totals } = planner.ranges as { status: Range; totals?: Range };
  builder.status(status);

  if (request.reduction === "none") planner.buffer("losses", size * 4);
  const valued = groups.find((group) => group.valued) ?? alone;
  const slices = slicesOf(size, planner.most, isPaired(problem, valued));
  const blocks = slices.reduce((sum, part) => sum + part.blocks, 0);
  const sums = sumsOf(builder, "loss", blocks);
  planner.ranges.sums = sums;
  for (const operand of problem.operands) planner.gradient(operand);
  for (const group of groups) planner.stream(group);
  const result = planTotal(builder, on, sums, blocks, {
    status,
    ...(totals ? { totals } : { denominator: constant }),
    emptyBits: emptyBitsOf(request),
    segments: denominator.segments,
    segmentLength: denominator.segment,
    counted: true,
  });
  const { losses } = planner.ranges;
  builder.result("loss", losses ?? result, losses ? lossShape : []);
  return builder.build();
}
