import { Argument } from "../argument.js";
import type { Geometry } from "../losses/crossEntropy.js";
import type { Request } from "../request.js";
import type { CpuOutcome } from "../spec.js";
import { crossEntropyCpu, rowsOf } from "./crossEntropy.js";

/** The request as the cross-entropy of each token. */
export function tokenRequest(request: Request): Request {
  const { labels, ...others } = request.tensors;
  return Object.assign(Object.create(request) as Request, {
    tensors: { ...others, targets: labels },
    numbers: { ...request.numbers, labelSmoothing: 0, temperature: 1, softcap: 0, zLoss: 0 },
    reduction: "none",
  });
}

/** Sequence log-probabilities in float64: the negated cross-entropies of the tokens, summed. */
export function sequenceLogProbsCpu(request: Request, geometry: Geometry): CpuOutcome {
  const { lossShape, rows } = geometry;
  const shape = lossShape.slice(0, -1);
  const tokens = lossShape.at(-1) as number;
  const known = tokenRequest(request);
  const { factors } = rowsOf(known, geometry);
  const sequences = tokens === 0 ? 0 : rows / tokens;
  const counts = new Float64Array(sequences);
  for (let row = 0; row < rows; row++) {
    (counts[Math.floor(row / tokens)] as number) += factors.value[row] as number;
  }
  const upstream = request.tensors.upstream?.values();
  const share = (sequence: number): number => {
    if (!request.choices.average) return 1;
    return counts[sequence] === 0 ? 0 : 1 / (counts[sequence] as number);
  };
  const pushed = Float64Array.from({ length: rows }, (_, row) => {
    const sequence = Math.floor(row / tokens);
    const u = upstream
      ? upstream[upstream.length === 1 ? 0 : sequence]
      : request.number("upstream");
    return -(u as number) * share(sequence);
  });
  const storage = { kind: "host", data: pushed } as const;
  known.tensors.upstream = new Argument("upstream", "f64", lossShape, storage, rows);
  const { loss, gradients, stats } = crossEntropyCpu(known, geometry);
  const data = new Float64Array(shape.reduce((size, extent) => size * extent, 1));
  for (let row = 0; row < rows; row++) {
    const sequence = Math.floor(row / tokens);
    (data[sequence] as number) -= (loss.data[row] as number) * share(sequence);
  }
  return { loss: { shape, data }, gradients, outputs: {}, stats };
}
