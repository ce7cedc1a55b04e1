import type { Geometry } from "../losses/crossEntropy.js";
import type { Request } from "../request.js";
import type { CpuArray, CpuCall, CpuOutcome, Room } from "../spec.js";
import { plainRows } from "./crossEntropyPlain.js";
import { factorsOf, readTargets } from "./crossEntropyTargets.js";
import { reduceValues } from "./factors.js";
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

/** Cross-entropy: rows that ask for nothing but p - onehot take a loop of their own. */
export function crossEntropyCpu(request: Request, geometry: Geometry, room: Room): CpuOutcome {
  const { rows, classes, classStride: stride, lossShape } = geometry;
  const z = request.get("logits").values();
  const targets = readTargets(request, geometry);
  const weight = request.tensors.weight?.values();
  const transform: Transform = {
    temperature: request.tensors.temperature?.values()[0] ?? request.number("temperature"),
    softcap: request.number("softcap"),
  };
  const zLoss = request.number("zLoss");
  const factors = factorsOf(request, geometry, targets);
  const values = new Float64Array(rows);
  const outputs: Record<string, CpuArray> = {};
  for (const name of request.outputs) {
    if (name !== "perplexity") outputs[name] = { shape: lossShape, data: new Float64Array(rows) };
  }
  const shape = request.get("logits").shape ?? [...lossShape, classes];
  const gradients: Record<string, CpuArray> = {};
  for (const name of ["logits", "targets"] as const) {
    if (request.gradients[name]) gradients[name] = { shape, data: room(name, rows * classes) };
  }
  if (request.gradients.temperature) {
    gradients.temperature = { shape: [], data: new Float64Array(1) };
  }
  if (isPlain(request, geometry)) {
    const { labels } = targets;
    plainRows({ z, labels, classes, stride, weight, factors }, values, gradients.logits?.data);
  } else {
    (general as NonNullable<typeof general>).generalRows(
      {
        z,
        targets,
        classes,
        stride,
        weight,
        factors,
        transform,
        zLoss,
        soft: geometry.soft ? request.get("targets").values() : undefined,
        labelSmoothing: request.number("labelSmoothing"),
      },
      {
        values,
        outputs,
        logits: gradients.logits?.data,
        targets: gradients.targets?.data,
        temperature: gradients.temperature?.data as Float64Array | undefined,
      },
    );
  }
  const { loss, stats } = reduceValues(request, lossShape, values, factors);
  if (request.outputs.has("perplexity")) {
    outputs.perplexity = { shape: [], data: Float64Array.of(Math.exp(loss.data[0] as number)) };
  }
  return { loss, gradients, outputs, stats };
}
crossEntropyCpu.load = (call?: CpuCall<Geometry>): Promise<unknown> | undefined => {
  if (general || (call && isPlain(call.request, call.geometry))) return;
  return import("./crossEntropyGeneral.js").then((module) => {
    general = module;
  });
};
