import { countsOf } from "../families/labelLists.js";
import type { RowGeometry } from "../families/rowShape.js";
import { hostLabels } from "../labels.js";
import type { Request } from "../request.js";
import type { CpuOutcome } from "../spec.js";
import { reduceValues, rowFactors } from "./factors.js";

/** The multi-label margin loss in float64: every listed class against every other. */
export function multilabelMarginCpu(request: Request, geometry: RowGeometry): CpuOutcome {
  const { shape, rows, classes, lossShape } = geometry;
  const scores = request.get("scores").values();
  const labels = hostLabels(request.get("targets")) as ArrayLike<number>;
  const count = countsOf(labels, classes);
  const factors = rowFactors(request, lossShape);
  const gradient = request.gradients["scores"] ? new Float64Array(rows * classes) : undefined;
  const values = new Float64Array(rows);
  const listed = new Uint8Array(classes);
  const slopes = new Float64Array(classes);
  for (let row = 0; row < rows; row++) {
    if (!factors.active[row]) continue;
    const base = row * classes;
    const end = base + count(row);
    listed.fill(0);
    slopes.fill(0);
    let sum = 0;
    for (let at = base; at < end; at++) listed[labels[at] as number] = 1;
    for (let at = base; at < end; at++) {
      const label = labels[at] as number;
      for (let c = 0; c < classes; c++) {
        if (listed[c]) continue;
        const part = 1 - (scores[base + label] as number) + (scores[base + c] as number);
        if (part <= 0) continue;
        sum += part;
        // A NaN has no slope that is true.
        const slope = Number.isNaN(part) ? part : 1;
        slopes[c] = (slopes[c] as number) + slope;
        slopes[label] = (slopes[label] as number) - slope;
      }
    }
    values[row] = ((factors.value[row] as number) * sum) / classes;
    const factor = (factors.gradient[row] as number) / classes;
    if (!gradient || factor === 0) continue;
    for (let c = 0; c < classes; c++) gradient[base + c] = factor * (slopes[c] as number);
  }
  const gradients = gradient ? { scores: { shape, data: gradient } } : {};
  return { ...reduceValues(request, lossShape, values, factors), gradients, outputs: {} };
}
