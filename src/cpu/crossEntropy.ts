import type { Geometry } from "../losses/crossEntropy.js";
import { hostLabels } from "../labels.js";
import type { Request } from "../request.js";
import type { CpuArray, CpuOutcome } from "../spec.js";
import { reduceValues, rowFactors } from "./factors.js";

const perRow = ["logSumExp", "logProbs", "entropy", "correct"] as const;

/** Cross-entropy in float64: one exponential per element, kept for the gradient. */
export function crossEntropyCpu(request: Request, geometry: Geometry): CpuOutcome {
  const { rows, classes, classStride: stride, lossShape, soft, shift } = geometry;
  const z = request.get("logits").values();
  const targets = request.get("targets");
  const labels = soft ? undefined : (hostLabels(targets) as ArrayLike<number>);
  const probabilities = soft ? targets.values() : undefined;
  const weight = request.tensors.weight?.values();
  const ignored = request.number("ignoreIndex");
  const temperature = request.tensors.temperature?.values()[0] ?? request.number("temperature");
  const softcap = request.number("softcap");
  const zLoss = request.number("zLoss");
  const smoothing = request.number("labelSmoothing");
  const spread = smoothing / classes;
  // Only smoothing looks at the weights of all classes: without it an unused weight may be NaN.
  const spreadMass = spread > 0 ? spread * (weight?.reduce((sum, w) => sum + w, 0) ?? classes) : 0;

  const labelOf = (row: number): number => {
    if (!labels) return 0;
    if (!shift) return labels[row] as number;
    return row % shift === shift - 1 ? ignored : (labels[row + 1] as number);
  };
  const factors = rowFactors(request, lossShape, (row) => {
    if (soft) return 1;
    const label = labelOf(row);
    // The last token of a shifted sequence has no next label, whatever ignoreIndex is.
    if (label === ignored || (shift && row % shift === shift - 1)) return undefined;
    return weight ? (weight[label] as number) : 1;
  });

  const wants = (name: string): boolean => request.outputs.has(name);
  const rowOutputs: Record<string, CpuArray> = {};
  for (const name of perRow) {
    if (wants(name)) rowOutputs[name] = { shape: lossShape, data: new Float64Array(rows) };
  }
  const put = (name: string, row: number, value: number): void => {
    const output = rowOutputs[name];
    if (output) output.data[row] = value;
  };
  const gradient = request.gradients.logits ? new Float64Array(rows * classes) : undefined;
  const targetsGradient = request.gradients.targets ? new Float64Array(rows * classes) : undefined;
  let temperatureGradient = 0;

  const u = new Float64Array(classes);
  const exponentials = new Float64Array(classes);
  const values = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    if (!factors.active[row]) continue;
    const base = stride === 1 ? row * classes : Math.floor(row / stride) * classes * stride + (row % stride);
    let max = Number.NEGATIVE_INFINITY;
    let argmax = 0;
    let bad = false;
    for (let c = 0, at = base; c < classes; c++, at += stride) {
      const scaled = (z[at] as number) / temperature;
      const x = softcap > 0 ? softcap * Math.tanh(scaled / softcap) : scaled;
      u[c] = x;
      if (x > max) {
        max = x;
        argmax = c;
      } else if (Number.isNaN(x)) bad = true;
    }
    if (bad) max = Number.NaN;
    // The maximum's own term is kept out: log1p of the others is exact where the row is confident.
    let others = 0;
    for (let c = 0; c < classes; c++) {
      const e = c === argmax && Number.isFinite(max) ? 1 : Math.exp((u[c] as number) - max);
      exponentials[c] = e;
      if (c !== argmax) others += e;
    }
    const own = exponentials[argmax] as number;
    const sum = own + others;
    const logSum = Math.log1p(others) + (own - 1);
    const lse = max + logSum;
    /** -log p of a class. */
    const cost = (c: number): number => max - (u[c] as number) + logSum;

    const label = labelOf(row);
    const labelWeight = !soft && weight ? (weight[label] as number) : 1;
    const onLabel = soft ? 0 : (1 - smoothing) * labelWeight;
    const share = (c: number): number => {
      const t = probabilities ? (1 - smoothing) * (probabilities[base + c * stride] as number) : 0;
      return (t + spread) * (weight ? (weight[c] as number) : 1);
    };
    const spreads = soft || spread > 0;
    let value = soft ? 0 : onLabel * cost(label);
    let mass = soft ? 0 : onLabel;
    if (spreads) {
      if (!soft) mass += spreadMass;
      for (let c = 0; c < classes; c++) {
        const q = share(c);
        // 0 · log 0 is 0: a class without target mass adds nothing, even at -inf.
        if (q !== 0) value += q * cost(c);
        if (soft) mass += q;
      }
    }
    value += zLoss * lse * lse;
    values[row] = (factors.value[row] as number) * value;

    put("logSumExp", row, lse);
    put("logProbs", row, -cost(label));
    if (wants("entropy")) {
      let entropy = 0;
      for (let c = 0; c < classes; c++) {
        const p = (exponentials[c] as number) / sum;
        if (p !== 0) entropy += p * cost(c);
      }
      put("entropy", row, entropy);
    }
    if (wants("correct")) put("correct", row, argmax === bestTarget(row) ? 1 : 0);

    const g = factors.gradient[row] as number;
    if (gradient || request.gradients.temperature) {
      const pull = mass + 2 * zLoss * lse;
      for (let c = 0, at = base; c < classes; c++, at += stride) {
        const p = (exponentials[c] as number) / sum;
        let slope = pull * p - (spreads ? share(c) : 0);
        // For a confident row p - 1 would cancel; the other classes' mass does not.
        if (!soft && c === label) slope = labelSlope(c, p);
        const ratio = softcap > 0 ? (u[c] as number) / softcap : 0;
        slope *= (1 - ratio * ratio) / temperature;
        if (gradient) gradient[at] = g === 0 ? 0 : g * slope;
        const x = z[at] as number;
        if (x !== 0 && g !== 0 && slope !== 0) temperatureGradient -= (g * slope * x) / temperature;
      }
    }
    if (targetsGradient) {
      for (let c = 0; c < classes; c++) {
        const w = weight ? (weight[c] as number) : 1;
        targetsGradient[base + c * stride] = g === 0 ? 0 : g * (1 - smoothing) * w * cost(c);
      }
    }

    function labelSlope(c: number, p: number): number {
      const rest = c === argmax ? others / sum : 1 - p;
      const shares = spread > 0 ? spread * (weight ? (weight[c] as number) : 1) : 0;
      return -onLabel * rest + (spreadMass + 2 * zLoss * lse) * p - shares;
    }
    function bestTarget(at: number): number {
      if (!probabilities) return label;
      let best = 0;
      const start = stride === 1 ? at * classes : base;
      for (let c = 1; c < classes; c++) {
        if ((probabilities[start + c * stride] as number) > (probabilities[start + best * stride] as number)) best = c;
      }
      return best;
    }
  }

  const { loss, stats } = reduceValues(request, lossShape, values, factors);
  const outputs = { ...rowOutputs };
  if (wants("perplexity")) {
    outputs.perplexity = { shape: [], data: Float64Array.of(Math.exp(loss.data[0] as number)) };
  }
  const gradients: Record<string, CpuArray> = {};
  const shape = request.get("logits").shape ?? [...lossShape, classes];
  if (gradient) gradients.logits = { shape, data: gradient };
  if (targetsGradient) gradients.targets = { shape, data: targetsGradient };
  if (request.gradients.temperature) {
    gradients.temperature = { shape: [], data: Float64Array.of(temperatureGradient) };
  }
  return { loss, gradients, outputs, stats };
}
