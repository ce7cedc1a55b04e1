import type { Request } from "../request.js";
import type { CpuArray, CpuOutcome } from "../spec.js";

/** A weighted sum of losses and the share of each, in float64. */
export function combineCpu(request: Request, terms: number): CpuOutcome {
  const losses = request.get("losses").values();
  const weights = request.tensors.weights?.values() ?? new Float64Array(terms).fill(1);
  const upstream = request.tensors.upstream?.values()[0] ?? request.number("upstream");
  const parts = Float64Array.from(losses, (loss, at) => loss * (weights[at] as number));
  const total = parts.reduce((sum, part) => sum + part, 0);
  const gradients: Record<string, CpuArray> = {};
  const put = (name: string, slopes: ArrayLike<number>): void => {
    if (!request.gradients[name]) return;
    const data = Float64Array.from(slopes, (slope) => (upstream === 0 ? 0 : upstream * slope));
    gradients[name] = { shape: [terms], data };
  };
  put("losses", weights);
  put("weights", losses);
  const shares = parts.map((part) => (total === 0 ? 0 : part / total));
  const nonFinite = parts.reduce((count, part) => count + (Number.isFinite(part) ? 0 : 1), 0);
  return {
    loss: { shape: [], data: Float64Array.of(total) },
    gradients,
    outputs: { shares: { shape: [terms], data: shares } },
    stats: { count: terms, denominator: 1, outOfRange: 0, nonFinite, degenerate: 0 },
  };
}
