import type { Geometry } from "../losses/crossEntropy.js";
import type { Request } from "../request.js";
import type { CpuArray, CpuOutcome, Room } from "../spec.js";
import { generalRows } from "./crossEntropyGeneral.js";
import { plainRows } from "./crossEntropyPlain.js";
import { factorsOf, readTargets } from "./crossEntropyTargets.js";
import { reduceValues } from "./factors.js";
import type { Transform } from "./softmaxRow.js";

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
  const isBare = transform.softcap === 0 && transform.temperature === 1 && zLoss === 0;
  const asksMore = request.gradients.temperature || Object.keys(outputs).length > 0;
  if (isBare && !targets.shares && !asksMore) {
    const { labels } = targets;
    plainRows({ z, labels, classes, stride, weight, factors }, values, gradients.logits?.data);
  } else {
    generalRows(
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
