import { settingsOf } from "../families/rowShape.js";
import type { SampleGeometry, SizedPart, Sums } from "../families/samples.js";
import type { Request } from "../request.js";
import type { CpuArray, CpuOutcome } from "../spec.js";
import { sizeOf } from "../tensor.js";
import { reduceValues, rowFactors } from "./factors.js";

const nothing: Sums = [Number.NaN, Number.NaN, Number.NaN];

/** A loss of sums over samples in float64: one walk over a sample for its sums, one for its gradients. */
export function samplesCpu(request: Request, { samples, parts }: SampleGeometry): CpuOutcome {
  const settings = settingsOf(request);
  const factors = rowFactors(request, [samples]);
  const values = new Float64Array(samples);
  const outputs: Record<string, CpuArray> = {};
  const gradients: Record<string, CpuArray> = {};

  const run = ({ inputs, shape, length, output, terms, outcome, slopes }: SizedPart): void => {
    const [x, y] = inputs.map((name) => request.get(name).values()) as [Float64Array, Float64Array];
    const [byX, byY] = inputs.map((name) => {
      if (!request.gradients[name]) return undefined;
      gradients[name] = { shape, data: new Float64Array(sizeOf(shape)) };
      return gradients[name].data;
    });
    const shown = output && request.outputs.has(output) ? new Float64Array(samples) : undefined;
    if (output && shown) outputs[output] = { shape: [samples], data: shown };
    const isOdd = (at: number): boolean => !Number.isFinite(x[at]) || !Number.isFinite(y[at]);

    for (let sample = 0; sample < samples; sample++) {
      if (!factors.active[sample]) continue;
      const begin = sample * length;
      const end = begin + length;
      const total: [number, number, number] = [0, 0, 0];
      for (let at = begin; at < end; at++) {
        const added = isOdd(at) ? nothing : terms(x[at] as number, y[at] as number, settings);
        for (let k = 0; k < 3; k++) (total[k] as number) += added[k] as number;
      }
      const [value, by] = outcome(total, settings);
      (values[sample] as number) += (factors.value[sample] as number) * value;
      if (shown) shown[sample] = total[0];
      const g = factors.gradient[sample] as number;
      if (g === 0 || !(byX || byY)) continue;
      for (let at = begin; at < end; at++) {
        const [slopeX, slopeY] = isOdd(at)
          ? nothing
          : slopes(x[at] as number, y[at] as number, by, settings);
        if (byX) byX[at] = g * slopeX;
        if (byY) byY[at] = g * slopeY;
      }
    }
  };
  for (const part of parts) run(part);
  return { ...reduceValues(request, [samples], values, factors), gradients, outputs };
}
