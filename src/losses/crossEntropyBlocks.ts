import type { Progress } from "../backend/index.js";
import { describe, fail } from "../errors.js";
import type { Request } from "../request.js";
import type { LossResult } from "../result.js";
import type { CpuArray, Stats } from "../spec.js";
import { checkShape, Tensor, type TensorLike } from "../tensor.js";
import { crossEntropy, type Geometry } from "./crossEntropy.js";

/** Logits that are made or fetched one block of rows at a time. */
export interface RowBlocks {
  /** (rows, classes) of the whole. */
  readonly shape: readonly [number, number];
  /** Rows of one block; the last may be shorter. */
  readonly rowsPerBlock: number;
  /** Gives the logits of rows [start, end). */
  load(start: number, end: number): TensorLike | Promise<TensorLike>;
  /** Takes the gradient of those rows; it is freed when this returns. */
  store?(start: number, end: number, gradient: Tensor): void | Promise<void>;
}

/** The loss over all blocks, in CPU memory; gradients where there is no `store`: one per block. */
export interface BlocksResult {
  readonly loss: Tensor;
  readonly gradients: { readonly logits: readonly Tensor[]; readonly temperature?: Tensor };
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly stats: Stats;
  readonly backend: "webgpu" | "cpu";
  destroy(): void;
}

type CallOptions = NonNullable<Parameters<typeof crossEntropy>[2]>;
type Outputs = { readonly [name in (typeof perRow)[number]]: Tensor };
const perRow = ["logSumExp", "logProbs", "entropy", "correct"] as const;

function fromTensors(parts: readonly Tensor[]): RowBlocks & { readonly starts: readonly number[] } {
  const classes = parts[0]?.shape.at(-1) ?? 0;
  const starts: number[] = [0];
  for (const [at, part] of parts.entries()) {
    if (!(part instanceof Tensor) || part.shape.length !== 2 || part.shape[1] !== classes) {
      const got = part instanceof Tensor ? `shape [${part.shape}]` : describe(part);
      fail(
        "SHAPE_MISMATCH",
        `crossEntropyBlocks: block ${at} has ${got}, expected [rows, ${classes}]`,
      );
    }
    starts.push((starts[at] as number) + (part.shape[0] as number));
  }
  const load = (start: number): Tensor => parts[starts.indexOf(start)] as Tensor;
  return { shape: [starts.at(-1) as number, classes], rowsPerBlock: 0, load, starts };
}

function startsOf({ shape, rowsPerBlock }: RowBlocks): number[] {
  checkShape([...shape], "crossEntropyBlocks: logits");
  if (!Number.isSafeInteger(rowsPerBlock) || rowsPerBlock < 1) {
    fail(
      "OPTION",
      `crossEntropyBlocks: rowsPerBlock must be a whole number above 0, got ${describe(rowsPerBlock)}`,
    );
  }
  const starts: number[] = [];
  for (let start = 0; start < shape[0]; start += rowsPerBlock) starts.push(start);
  return [...starts, shape[0]];
}

const host = (shape: readonly number[], data: CpuArray["data"]): Tensor =>
  new Tensor(shape, "f64", { kind: "host", data: Float64Array.from(data) });

/**
 * Cross-entropy over logits in several buffers, or from a callback, when they fit neither a binding nor memory.
 * @example
 * const { loss } = await crossEntropyBlocks([tensor([[2, 1, 0]]), tensor([[0, 3, 1]])], [0, 1]);
 */
export async function crossEntropyBlocks(
  logits: readonly Tensor[] | RowBlocks,
  targets: TensorLike,
  options: CallOptions = {},
): Promise<BlocksResult> {
  const source = Array.isArray(logits) ? fromTensors(logits) : (logits as RowBlocks);
  const starts = Array.isArray(logits) ? fromTensors(logits).starts : startsOf(source);
  const [rows, classes] = source.shape;
  const { request, geometry } = await parse(source.shape, targets, options);
  const { rowsOf } = await import("../cpu/crossEntropyTargets.js");
  const { reduceValues } = await import("../cpu/factors.js");
  const { labels, factors } = rowsOf(request, geometry);
  const upstream = factors.gradient.map((g, row) =>
    g === 0 ? 0 : g / (factors.value[row] as number),
  );

  const values = new Float64Array(rows);
  const outputs: Record<string, Float64Array> = {};
  const wanted = perRow.filter((name) => request.outputs.has(name));
  for (const name of wanted) outputs[name] = new Float64Array(rows);
  const gradients: Tensor[] = [];
  let temperature = 0;
  let backend: "webgpu" | "cpu" = "cpu";
  const started = performance.now();
  for (let at = 0; at + 1 < starts.length; at++) {
    const [start, end] = [starts[at] as number, starts[at + 1] as number];
    options.signal?.throwIfAborted();
    const block = (await source.load(start, end)) as Tensor;
    const part = <T extends Int32Array | Float64Array>(array: T): T =>
      array.subarray(start, end) as T;
    const result = (await crossEntropy(block, part(labels), {
      ...options,
      ...{ mask: undefined, emptyMean: undefined, shift: undefined, onProgress: undefined },
      ignoreIndex: -1,
      reduction: "none",
      sampleWeight: part(factors.value),
      upstream: upstream.length > 0 ? part(upstream) : undefined,
      outputs: wanted,
    } as unknown as CallOptions)) as unknown as LossResult<"logits" | "temperature"> & Outputs;
    backend = result.backend;
    values.set((await result.loss.read()) as Float32Array, start);
    for (const name of wanted) {
      outputs[name]?.set((await result[name].read()) as Float32Array, start);
      result[name].destroy();
    }
    result.loss.destroy();
    if (result.gradients.temperature) {
      temperature += await result.gradients.temperature.item();
      result.gradients.temperature.destroy();
    }
    const { logits: gradient } = result.gradients;
    if (gradient && source.store) {
      await source.store(start, end, gradient);
      gradient.destroy();
    } else if (gradient) gradients.push(gradient);
    const progress: Progress = { done: end, total: rows, elapsedMs: performance.now() - started };
    options.onProgress?.(progress);
  }
  const { loss, stats } = reduceValues(request, geometry.lossShape, values, factors);
  const tensors: Record<string, Tensor> = {};
  for (const name of wanted) tensors[name] = host([rows], outputs[name] as Float64Array);
  if (request.outputs.has("perplexity")) {
    tensors.perplexity = host([], Float64Array.of(Math.exp(loss.data[0] as number)));
  }
  return {
    loss: host(loss.shape, loss.data),
    gradients: {
      logits: gradients,
      ...(request.gradients.temperature
        ? { temperature: host([], Float64Array.of(temperature)) }
        : {}),
    },
    outputs: tensors,
    stats,
    backend,
    destroy: () => {
      for (const gradient of gradients) gradient.destroy();
    },
  };

  async function parse(
    shape: readonly number[],
    given: TensorLike,
    all: object,
  ): Promise<{ request: Request; geometry: Geometry }> {
    // Checking looks at the logits' shape alone, so nothing need be there yet.
    const standIn = new Tensor([...shape], "f32", { kind: "host", data: new Float32Array(0) });
    const values = { logits: standIn, targets: given };
    const { spec } = crossEntropy;
    const { Request } = await import("../request.js");
    const { toHost } = await import("../toHost.js");
    const request = await toHost(new Request(spec, values, { ...all }, false));
    const geometry = spec.check(request) as Geometry;
    if (geometry.soft || geometry.classStride !== 1 || request.gradients.targets) {
      fail(
        "UNSUPPORTED",
        "crossEntropyBlocks: needs class numbers as targets, and classes on the last axis",
      );
    }
    if (classes === 0) fail("SHAPE_MISMATCH", "crossEntropyBlocks: logits have no classes");
    return { request, geometry };
  }
}
