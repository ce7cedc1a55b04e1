import type { RowForm, RowProblem, SlopeBy } from "../families/row.js";
import { settingsOf } from "../families/rowShape.js";
import { hostLabels } from "../labels.js";
import type { Request } from "../request.js";
import type { CpuArray, CpuOutcome } from "../spec.js";
import { reduceValues, rowFactors } from "./factors.js";
import { costOf, makeRow, type SoftmaxRow, scanRow } from "./softmaxRow.js";

/** One row of one side as its hook reads it, with the rule that leads from slopes back to what the caller gave. */
interface Side {
  readonly p: Float64Array;
  readonly log: Float64Array;
  read(base: number, label: number): void;
  /** Writes factor × gradient of the row at `base`, given the slopes of its cells. */
  write(gradient: Float64Array, base: number, slopes: Float64Array, factor: number): void;
}

interface SideParts {
  readonly by: SlopeBy;
  readonly values: Float64Array;
  readonly classes: number;
  readonly temperature: number;
  /** False for items that have no part. */
  has(at: number): boolean;
}

function makeSide(form: RowForm, parts: SideParts): Side {
  const { values, classes, by } = parts;
  const p = new Float64Array(classes);
  const log = new Float64Array(classes);
  const arrays = { p, log };
  const each = (visit: (c: number) => void): void => {
    for (let c = 0; c < classes; c++) visit(c);
  };
  const direct = (gradient: Float64Array, base: number, slopes: Float64Array, factor: number) =>
    each((c) => {
      gradient[base + c] = factor * (slopes[c] as number);
    });
  switch (form) {
    case "logits":
      return softmaxSide(arrays, parts, each);
    case "logProbs":
      return {
        ...arrays,
        // There is no probability with an infinite logarithm above 0.
        read: (base) =>
          each((c) => {
            const x = values[base + c] as number;
            log[c] = x === Number.POSITIVE_INFINITY ? Number.NaN : x;
            p[c] = Math.exp(x);
          }),
        write: (gradient, base, slopes, factor) =>
          each((c) => {
            const mass = by === "log" ? 1 : (p[c] as number);
            gradient[base + c] = mass === 0 ? 0 : factor * mass * (slopes[c] as number);
          }),
      };
    case "probs":
      return {
        ...arrays,
        read: (base) =>
          each((c) => {
            const x = values[base + c] as number;
            p[c] = x;
            log[c] = x === Number.POSITIVE_INFINITY ? Number.NaN : Math.log(x);
          }),
        write: (gradient, base, slopes, factor) =>
          each((c) => {
            const slope = slopes[c] as number;
            const mass = by === "log" ? (p[c] as number) : 1;
            gradient[base + c] = slope === 0 ? 0 : (factor * slope) / mass;
          }),
      };
    case "plain":
      return {
        ...arrays,
        read: (base) =>
          each((c) => {
            p[c] = values[base + c] as number;
            log[c] = p[c] as number;
          }),
        write: direct,
      };
    case "margin":
      return marginSide(arrays, parts, each);
  }
}

type Each = (visit: (c: number) => void) => void;
type Arrays = Pick<Side, "p" | "log">;

function softmaxSide({ p, log }: Arrays, parts: SideParts, each: Each): Side {
  const { values, classes, temperature, has, by } = parts;
  const row: SoftmaxRow = makeRow(classes);
  const scores = new Float64Array(classes);
  return {
    p,
    log,
    read(base) {
      each((c) => {
        scores[c] = has(base + c) ? (values[base + c] as number) : Number.NEGATIVE_INFINITY;
      });
      scanRow(row, scores, 0, 1, { temperature, softcap: 0 });
      each((c) => {
        p[c] = (row.e[c] as number) / row.sum;
        log[c] = Number.isNaN(row.sum) ? Number.NaN : -costOf(row, c);
      });
    },
    write(gradient, base, slopes, factor) {
      let sum = 0;
      each((c) => {
        sum += (by === "log" ? 1 : (p[c] as number)) * (slopes[c] as number);
      });
      // A sum without a finite value leaves the row no gradient.
      if (!Number.isFinite(sum)) sum = Number.NaN;
      each((c) => {
        if (!has(base + c)) return;
        const mass = p[c] as number;
        const slope = slopes[c] as number;
        const chained = by === "log" ? slope - mass * sum : mass * (slope - sum);
        gradient[base + c] = (factor * chained) / temperature;
      });
    },
  };
}

function marginSide({ p, log }: Arrays, { values }: SideParts, each: Each): Side {
  let label = 0;
  return {
    p,
    log,
    read(base, at) {
      label = at;
      const own = values[base + label] as number;
      each((c) => {
        log[c] = (values[base + c] as number) - own;
      });
      log[label] = 0;
      p.set(log);
    },
    write(gradient, base, slopes, factor) {
      each((c) => {
        gradient[base + c] = factor * (slopes[c] as number);
      });
      const sum = slopes.reduce((total, slope) => total + slope, 0);
      gradient[base + label] = (gradient[base + label] as number) - factor * sum;
    },
  };
}

/** What the second side is when it is no tensor of the caller's shape. */
function standIn(request: Request, problem: RowProblem, labelOf: (row: number) => number): Side {
  const { against, classes, loss } = problem;
  const p = new Float64Array(classes);
  const table = against === "table" ? request.get(loss.table as string).values() : undefined;
  return {
    p,
    log: p,
    read(base) {
      const label = labelOf(base / classes);
      if (table) p.set(table.subarray(label * classes, (label + 1) * classes));
      else if (against === "others") p.fill(1)[label] = 0;
    },
    write: () => {},
  };
}

/** A loss that is a sum over the classes of a row, in float64. */
export function rowCpu(request: Request, problem: RowProblem): CpuOutcome {
  const { loss, rows, classes, shape, lossShape, first, second, form, against, by, byAgainst } =
    problem;
  const settings = settingsOf(request);
  const labels = problem.labels && hostLabels(request.get(problem.labels));
  const labelOf = (row: number): number => (labels ? (labels[row] as number) : 0);
  const factors = rowFactors(request, lossShape);
  const itemMask = loss.itemMask ? request.tensors[loss.itemMask]?.values() : undefined;
  const has = (at: number): boolean => !itemMask || Number(itemMask[at]) !== 0;
  const classFactor = loss.classFactor ? request.tensors[loss.classFactor]?.values() : undefined;
  const labelFactor = loss.labelFactor ? request.tensors[loss.labelFactor]?.values() : undefined;
  const share = loss.classMean ? 1 / classes : 1;
  const temperature = request.numbers.temperature ?? 1;
  const partsOf = (name: string, slopesBy: SlopeBy): SideParts => ({
    by: slopesBy,
    values: request.get(name).values(),
    classes,
    temperature,
    has,
  });
  const one = makeSide(form, partsOf(first, by));
  const other = second
    ? makeSide(against as RowForm, partsOf(second, byAgainst))
    : standIn(request, problem, labelOf);

  const gradients: Record<string, CpuArray> = {};
  const gradientOf = (name: string | undefined): Float64Array | undefined => {
    if (!name || !request.gradients[name]) return undefined;
    const data = new Float64Array(rows * classes);
    gradients[name] = { shape, data };
    return data;
  };
  const firstGradient = gradientOf(first);
  const secondGradient = gradientOf(second);
  const slopes = new Float64Array(classes);
  const slopesAgainst = new Float64Array(classes);
  const values = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    if (!factors.active[row]) continue;
    const base = row * classes;
    one.read(base, labelOf(row));
    other.read(base, labelOf(row));
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      slopes[c] = 0;
      slopesAgainst[c] = 0;
      if (!has(base + c)) continue;
      const scale = share * (classFactor ? (classFactor[c] as number) : 1);
      const [value, slope, slopeAgainst] = cellAt(c);
      sum += scale * value;
      slopes[c] = scale * slope;
      slopesAgainst[c] = scale * slopeAgainst;
    }
    const labelScale = labelFactor ? (labelFactor[labelOf(row)] as number) : 1;
    values[row] = (factors.value[row] as number) * labelScale * sum;
    const factor = (factors.gradient[row] as number) * labelScale;
    // A row that nothing is asked of has gradient 0, whatever it holds.
    if (factor === 0) continue;
    if (firstGradient) one.write(firstGradient, base, slopes, factor);
    if (secondGradient) other.write(secondGradient, base, slopesAgainst, factor);
  }
  return { ...reduceValues(request, lossShape, values, factors), gradients, outputs: {} };

  function cellAt(c: number): readonly [number, number, number] {
    const logP = one.log[c] as number;
    const logQ = other.log[c] as number;
    if (Number.isNaN(logP) || Number.isNaN(logQ)) return [Number.NaN, Number.NaN, Number.NaN];
    const q = other.p[c] as number;
    // A plain number that stands against the row is a weight, and no weight is infinite.
    if (against === "plain" && !Number.isFinite(q)) return [Number.NaN, Number.NaN, Number.NaN];
    return loss.cell(one.p[c] as number, logP, q, logQ, logP - logQ, settings);
  }
}
