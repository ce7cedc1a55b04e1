import { Argument } from "../argument.js";
import { tokenRequest } from "../families/tokens.js";
import type { Geometry } from "../losses/crossEntropy.js";
import type { Request } from "../request.js";
import type { CpuCall, CpuOutcome, Room } from "../spec.js";
import { sizeOf } from "../tensor.js";
import { crossEntropyCpu } from "./crossEntropy.js";
import { rowsOf } from "./crossEntropyTargets.js";

/** Sequence log-probabilities in float64: the negated cross-entropies of the tokens, summed. */
export function sequenceLogProbsCpu(request: Request, geometry: Geometry, room: Room): CpuOutcome {
  const { lossShape, rows } = geometry;
  const shape = lossShape.slice(0, -1);
  const tokens = lossShape.at(-1) as number;
  const { factors } = rowsOf(tokenRequest(request, "none"), geometry);
  const sequenceOf = (row: number): number => Math.floor(row / tokens);
  const counts = new Float64Array(sizeOf(shape));
  for (let row = 0; row < rows; row++) {
    (counts[sequenceOf(row)] as number) += factors.value[row] as number;
  }
  const share = (sequence: number): number => {
    if (!request.choices.average) return 1;
    return counts[sequence] === 0 ? 0 : 1 / (counts[sequence] as number);
  };
  const upstream = request.tensors.upstream?.values();
  const pushed = Float64Array.from({ length: rows }, (_, row) => {
    const at = upstream?.length === 1 ? 0 : sequenceOf(row);
    const u = upstream ? (upstream[at] as number) : request.number("upstream");
    return -u * share(sequenceOf(row));
  });
  const storage = { kind: "host", data: pushed } as const;
  const perToken = new Argument("upstream", "f64", lossShape, storage, rows);
  const known = tokenRequest(request, "none", perToken);
  const { loss, gradients, stats } = crossEntropyCpu(known, geometry, room);
  const data = new Float64Array(counts.length);
  for (let row = 0; row < rows; row++) {
    const sequence = sequenceOf(row);
    (data[sequence] as number) -= (loss.data[row] as number) * share(sequence);
  }
  return { loss: { shape, data }, gradients, outputs: {}, stats };
}
sequenceLogProbsCpu.load = (call?: CpuCall<Geometry>) =>
  crossEntropyCpu.load(call && { ...call, request: tokenRequest(call.request, "none") });
