import { Argument } from "../argument.js";
import type { LinearGeometry } from "../losses/linearCrossEntropy.js";
import type { Request } from "../request.js";
import type { CpuArray, CpuCall, CpuOutcome } from "../spec.js";
import { crossEntropyCpu } from "./crossEntropy.js";
import { rowsOf } from "./crossEntropyTargets.js";
import { reduceValues } from "./factors.js";
import { multiply } from "./product.js";
import { transposed } from "./transposed.js";

/** Numbers of a block of rows, as logits or as hidden numbers. */
const BLOCK = 2 ** 21;
/** Classes whose gradients are made together. */
const CLASSES = 1024;

type Numbers = Float64Array;

/** Rows [start, end) of `x`; zeros where `isRead` refuses one. */
function numbersOf(
  x: Numbers,
  depth: number,
  [start, end]: readonly [number, number],
  isRead: (row: number) => boolean,
): Numbers {
  const block = new Float64Array((end - start) * depth);
  for (let row = start; row < end; row++) {
    if (!isRead(row)) continue;
    block.set(x.subarray(row * depth, (row + 1) * depth), (row - start) * depth);
  }
  return block;
}

function add(to: Numbers, from: Numbers, at = 0): void {
  for (let i = 0; i < from.length; i++) (to[at + i] as number) += from[i] as number;
}

/** The gradients that the call asks for, to which blocks of rows add. */
class Back {
  readonly hidden: Numbers | undefined;
  readonly linearWeight: Numbers | undefined;
  readonly linearBias: Numbers | undefined;
  readonly #weight: Numbers;
  readonly #geometry: LinearGeometry;
  constructor(request: Request, geometry: LinearGeometry) {
    const { rows, classes, depth } = geometry;
    const { gradients } = request;
    if (gradients.hidden) this.hidden = new Float64Array(rows * depth);
    if (gradients.linearWeight) this.linearWeight = new Float64Array(classes * depth);
    if (gradients.linearBias) this.linearBias = new Float64Array(classes);
    this.#weight = request.get("linearWeight").values();
    this.#geometry = geometry;
  }

  get isAsked(): boolean {
    return [this.hidden, this.linearWeight, this.linearBias].some(Boolean);
  }

  /** Takes the slopes of the logits of rows [start, end) back; `hidden` has zeros where nothing is asked of a row. */
  take(slopes: Numbers, hidden: Numbers, start: number, isAsked: (row: number) => boolean): void {
    const { classes, depth } = this.#geometry;
    const rows = hidden.length / depth;
    const turned = transposed(slopes, rows, classes);
    const toRows = new Float64Array(this.hidden ? rows * depth : 0);
    const columns = this.linearWeight && transposed(hidden, rows, depth);
    for (let first = 0; first < classes; first += CLASSES) {
      const count = Math.min(CLASSES, classes - first);
      const part = turned.subarray(first * rows, (first + count) * rows);
      if (columns) {
        add(
          this.linearWeight as Numbers,
          multiply(part, count, columns, depth, rows),
          first * depth,
        );
      }
      if (this.hidden) {
        const weight = this.#weight.subarray(first * depth, (first + count) * depth);
        const across = transposed(weight, count, depth);
        add(toRows, multiply(transposed(part, count, rows), rows, across, depth, count));
      }
    }
    for (let at = 0; this.linearBias && at < turned.length; at++) {
      (this.linearBias[Math.floor(at / rows)] as number) += turned[at] as number;
    }
    for (let row = 0; this.hidden && row < rows; row++) {
      if (!isAsked(start + row)) continue;
      this.hidden.set(toRows.subarray(row * depth, (row + 1) * depth), (start + row) * depth);
    }
  }
}

/** What the rows [start, end) are as a call of cross-entropy: their logits, and labels and factors as they are known. */
function blockRequest(
  request: Request,
  { labels, factors }: ReturnType<typeof rowsOf>,
  z: Numbers,
  [start, end]: readonly [number, number],
  isAsked: boolean,
): Request {
  const count = end - start;
  const argument = (name: string, data: Float64Array | Int32Array): Argument => {
    const dtype = data instanceof Int32Array ? "i32" : "f64";
    return new Argument(name, dtype, undefined, { kind: "host", data }, data.length);
  };
  const value = factors.value.subarray(start, end);
  const upstream = Float64Array.from({ length: isAsked ? count : 0 }, (_, row) =>
    value[row] === 0 ? 0 : (factors.gradient[start + row] as number) / (value[row] as number),
  );
  const { weight } = request.tensors;
  return Object.assign(Object.create(request) as Request, {
    tensors: {
      logits: argument("logits", z),
      targets: argument("targets", labels.subarray(start, end)),
      sampleWeight: argument("sampleWeight", value),
      ...(isAsked ? { upstream: argument("upstream", upstream) } : {}),
      ...(weight ? { weight } : {}),
    },
    numbers: { ...request.numbers, ignoreIndex: -1, upstream: 1 },
    gradients: isAsked ? { logits: "inPlace" } : {},
    outputs: new Set([...request.outputs].filter((name) => name !== "perplexity")),
    reduction: "none",
  });
}

/** Cross-entropy of logits that are made a block of rows at a time, in float64. */
export function linearCrossEntropyCpu(request: Request, geometry: LinearGeometry): CpuOutcome {
  const { rows, classes, depth, lossShape } = geometry;
  const hidden = request.get("hidden").values();
  const weight = request.get("linearWeight").values();
  const bias = request.tensors.linearBias?.values();
  const known = rowsOf(request, geometry);
  const { factors } = known;
  const back = new Back(request, geometry);
  const values = new Float64Array(rows);
  const outputs: Record<string, CpuArray> = {};
  for (const name of request.outputs)
    outputs[name] = { shape: lossShape, data: new Float64Array(rows) };
  const isRead = (row: number): boolean => factors.active[row] === 1;
  const isAsked = (row: number): boolean => factors.gradient[row] !== 0;
  const step = Math.max(Math.floor(BLOCK / Math.max(classes, depth)), 4);
  for (let start = 0; start < rows; start += step) {
    const end = Math.min(start + step, rows);
    const z = multiply(
      numbersOf(hidden, depth, [start, end], isRead),
      end - start,
      weight,
      classes,
      depth,
    );
    for (let at = 0; bias && at < z.length; at++) {
      (z[at] as number) += bias[at % classes] as number;
    }
    const part = blockRequest(request, known, z, [start, end], back.isAsked);
    const sizes = { ...geometry, rows: end - start, lossShape: [end - start], shift: 0 };
    // The slopes take the place of the logits.
    const found = crossEntropyCpu(part, sizes, () => z);
    values.set(found.loss.data, start);
    for (const [name, { data }] of Object.entries(found.outputs))
      outputs[name]?.data.set(data, start);
    if (back.isAsked) back.take(z, numbersOf(hidden, depth, [start, end], isAsked), start, isAsked);
  }
  const { loss, stats } = reduceValues(request, lossShape, values, factors);
  if (request.outputs.has("perplexity")) {
    outputs.perplexity = { shape: [], data: Float64Array.of(Math.exp(loss.data[0] as number)) };
  }
  const gradients: Record<string, CpuArray> = {};
  const shapes = {
    hidden: [...lossShape, depth],
    linearWeight: [classes, depth],
    linearBias: [classes],
  };
  for (const name of ["hidden", "linearWeight", "linearBias"] as const) {
    const data = back[name];
    if (data) gradients[name] = { shape: shapes[name], data };
  }
  return { loss, gradients, outputs, stats };
}

linearCrossEntropyCpu.load = (call?: CpuCall<LinearGeometry>): Promise<unknown> | undefined =>
  crossEntropyCpu.load(call);
