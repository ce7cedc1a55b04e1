import type { Geometry } from "../losses/crossEntropy.js";
import type { Request } from "../request.js";
import type { CpuArray, CpuCall, CpuOutcome, Room } from "../spec.js";
import type { Asked, GeneralRows } from "./crossEntropyGeneral.js";
import { plainRows } from "./crossEntropyPlain.js";
import { factorsOf, readTargets } from "./crossEntropyTargets.js";
import { type Factors, reduceValues } from "./factors.js";
import type { Transform } from "./softmaxRow.js";

/** The loop with all options, once a call has needed it. */
let general: typeof import("./crossEntropyGeneral.js") | undefined;

/** Whether a call asks for nothing but p - onehot. */
function isPlain(request: Request, { soft }: Geometry): boolean {
  const { numbers, tensors, outputs, gradients } = request;
  const isBare = !tensors.temperature && numbers.temperature === 1 && numbers.labelSmoothing === 0;
  const isUncapped = numbers.softcap === 0 && numbers.zLoss === 0;
  const reports = [...outputs].some((name) => name !== "perplexity");
  return isBare && isUncapped && !soft && !reports && !gradients.temperature;
}

/** Room for what a call asks of its rows beside gradients. */
export function askedOf(request: Request, { rows, lossShape }: Geometry): Asked {
  const outputs: Record<string, CpuArray> = {};
  for (const name of request.outputs) {
    if (name !== "perplexity") outputs[name] = { shape: lossShape, data: new Float64Array(rows) };
  }
  const values = new Float64Array(rows);
  return { values, outputs, logits: undefined, targets: undefined, temperature: undefined };
}

/** Judges the rows of `z`: those that ask for nothing but p - onehot take a loop of their own. */
export function judgeRows(
  request: Request,
  geometry: Geometry,
  { z, targets, factors }: Pick<GeneralRows, "z" | "targets" | "factors">,
  asked: Asked,
): void {
  const { classes, classStride: stride } = geometry;
  const weight = request.tensors.weight?.values();
  if (isPlain(request, geometry)) {
    const { labels } = targets;
    plainRows({ z, labels, classes, stride, weight, factors }, asked.values, asked.logits);
    return;
  }
  const transform: Transform = {
    temperature: request.tensors.temperature?.values()[0] ?? request.number("temperature"),
    softcap: request.number("softcap"),
  };
  (general as NonNullable<typeof general>).generalRows(
    {
      z,
      targets,
      classes,
      stride,
      weight,
      factors,
      transform,
      zLoss: request.number("zLoss"),
      soft: geometry.soft ? request.get("targets").values() : undefined,
      labelSmoothing: request.number("labelSmoothing"),
    },
    asked,
  );
}

/** The loss of rows that were judged. */
export function outcomeOf(
  request: Request,
  { lossShape }: Geometry,
  factors: Factors,
  asked: Asked,
  gradients: Readonly<Record<string, CpuArray>>,
): CpuOutcome {
  const { loss, stats } = reduceValues(request, lossShape, asked.values, factors);
  const outputs = { ...asked.outputs };
  if (request.outputs.has("perplexity")) {
    outputs.perplexity = { shape: [], data: Float64Array.of(Math.exp(loss.data[0] as number)) };
  }
  return { loss, gradients, outputs, stats };
}

/** Cross-entropy of logits that are there. */
export function crossEntropyCpu(request: Request, geometry: Geometry, room: Room): CpuOutcome {
  const { rows, classes, lossShape } = geometry;
  const z = request.get("logits").values();
  const targets = readTargets(request, geometry);
  const factors = factorsOf(request, geometry, targets);
  const shape = request.get("logits").shape ?? [...lossShape, classes];
  const gradients: Record<string, CpuArray> = {};
  for (const name of ["logits", "targets"] as const) {
    if (request.gradients[name]) gradients[name] = { shape, data: room(name, rows * classes) };
  }
  if (request.gradients.temperature) {
    gradients.temperature = { shape: [], data: new Float64Array(1) };
  }
  const asked: Asked = {
    ...askedOf(request, geometry),
    logits: gradients.logits?.data,
    targets: gradients.targets?.data,
    temperature: gradients.temperature?.data as Float64Array | undefined,
  };
  judgeRows(request, geometry, { z, targets, factors }, asked);
  return outcomeOf(request, geometry, factors, asked, gradients);
}
crossEntropyCpu.load = (call?: CpuCall<Geometry>): Promise<unknown> | undefined => {
  if (general || (call && isPlain(call.request, call.geometry))) return;
  return import("./crossEntropyGeneral.js").then((module) => {
    general = module;
  });
};
