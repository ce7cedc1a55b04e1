import { hostLabels } from "../labels.js";
import type { CtcGeometry } from "../losses/ctc.js";
import type { Request } from "../request.js";
import type { CpuOutcome } from "../spec.js";
import { reduceValues, rowFactors } from "./factors.js";

const GONE = Number.NEGATIVE_INFINITY;

/** log(e^a + e^b); a probability of 0 adds nothing. */
function logAdd(a: number, b: number): number {
  if (a === GONE) return b;
  if (b === GONE) return a;
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
}

/** One sequence: its states are the labels with a blank before, between and after them. */
interface Sequence {
  readonly frames: number;
  /** The class of each state. */
  readonly classes: readonly number[];
  /** Log-probability of a state's class in a frame. */
  at(frame: number, state: number): number;
}

/** Whether a state may follow the one two before it: not a blank, nor a label again. */
const skips = (classes: readonly number[], state: number): boolean =>
  state % 2 === 1 && state > 1 && classes[state] !== classes[state - 2];

/** forward[frame][state]: log-probability of all ways into a state, its own frame included. */
function forwardOf({ frames, classes, at }: Sequence): Float64Array[] {
  const tables: Float64Array[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const before = tables[frame - 1];
    const row = new Float64Array(classes.length).fill(GONE);
    for (let state = 0; state < row.length; state++) {
      let ways = GONE;
      if (!before) ways = state < 2 ? 0 : GONE;
      else {
        ways = before[state] as number;
        if (state > 0) ways = logAdd(ways, before[state - 1] as number);
        if (skips(classes, state)) ways = logAdd(ways, before[state - 2] as number);
      }
      if (ways !== GONE) row[state] = ways + at(frame, state);
    }
    tables.push(row);
  }
  return tables;
}

/** The frame before: log-probability of all ways out of a state, its own frame not included. */
function stepBack(sequence: Sequence, frame: number, after: Float64Array): Float64Array {
  const { classes, at } = sequence;
  const through = after.map((ways, state) => (ways === GONE ? GONE : ways + at(frame, state)));
  return after.map((_, state) => {
    let ways = through[state] as number;
    if (state + 1 < after.length) ways = logAdd(ways, through[state + 1] as number);
    if (state + 2 < after.length && skips(classes, state + 2)) {
      ways = logAdd(ways, through[state + 2] as number);
    }
    return ways;
  });
}

/** Log of the probability of all alignments; NaN where a state that can be reached has none. */
function totalOf(forward: readonly Float64Array[], states: number): number {
  if (forward.some((row) => row.some(Number.isNaN))) return Number.NaN;
  const last = forward.at(-1);
  // Without frames only the empty sequence of labels is there.
  if (!last) return states === 1 ? 0 : GONE;
  const end = last[states - 1] as number;
  return states > 1 ? logAdd(end, last[states - 2] as number) : end;
}

/** Connectionist temporal classification in float64, forwards and backwards in log space. */
export function ctcCpu(request: Request, geometry: CtcGeometry): CpuOutcome {
  const { shape, frames, sequences, classes, labels: room, lossShape } = geometry;
  const logProbs = request.get("logProbs").values();
  const labels = hostLabels(request.get("targets")) as ArrayLike<number>;
  const lengthsOf = (name: string, all: number): ((n: number) => number) => {
    const given = request.tensors[name];
    const lengths = given && (hostLabels(given) as ArrayLike<number>);
    return (n) => (lengths ? (lengths[n] as number) : all);
  };
  const framesOf = lengthsOf("inputLengths", frames);
  const labelsOf = lengthsOf("targetLengths", room);
  const blank = request.number("blank");
  const factors = rowFactors(request, lossShape);
  const gradient = request.gradients["logProbs"] ? new Float64Array(logProbs.length) : undefined;
  const values = new Float64Array(sequences);
  for (let n = 0; n < sequences; n++) {
    if (!factors.active[n]) continue;
    const count = labelsOf(n);
    const states = Array.from({ length: 2 * count + 1 }, (_, state) =>
      state % 2 === 0 ? blank : (labels[n * room + (state - 1) / 2] as number),
    );
    const place = (frame: number, k: number): number => (frame * sequences + n) * classes + k;
    const sequence: Sequence = {
      frames: framesOf(n),
      classes: states,
      at(frame, state) {
        const x = logProbs[place(frame, states[state] as number)] as number;
        return x === Number.POSITIVE_INFINITY ? Number.NaN : x;
      },
    };
    const forward = forwardOf(sequence);
    const total = totalOf(forward, states.length);
    const share = request.reduction === "mean" ? 1 / Math.max(count, 1) : 1;
    const dropped = total === GONE && request.choices["zeroInfinity"] === true;
    values[n] = dropped ? 0 : -(factors.value[n] as number) * share * total;
    const factor = (factors.gradient[n] as number) * share;
    if (!gradient || factor === 0 || dropped) continue;
    let after: Float64Array = new Float64Array(states.length).fill(GONE);
    after.fill(0, Math.max(states.length - 2, 0));
    for (let frame = sequence.frames - 1; frame >= 0; frame--) {
      const ways = forward[frame] as Float64Array;
      // An impossible sequence has no gradient: NaN, as PyTorch.
      if (!Number.isFinite(total))
        gradient.fill(Number.NaN, place(frame, 0), place(frame, classes));
      for (const [state, k] of states.entries()) {
        const posterior = Math.exp((ways[state] as number) + (after[state] as number) - total);
        const at = place(frame, k);
        if (posterior !== 0) gradient[at] = (gradient[at] as number) - factor * posterior;
      }
      after = stepBack(sequence, frame, after);
    }
  }
  const gradients = gradient ? { logProbs: { shape, data: gradient } } : {};
  return { ...reduceValues(request, lossShape, values, factors), gradients, outputs: {} };
}
