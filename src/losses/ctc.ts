// A loss of its own: it sums over alignments in time, step after step, not over the classes of a row.
import { defineLoss } from "../define.js";
import { fail } from "../errors.js";
import { countsOf, expectLabelLists, expectLengths } from "../families/labelLists.js";
import { hostLabels } from "../labels.js";
import type { Request } from "../request.js";

/** The sizes of a batch of sequences: (frames, sequences, classes) against (sequences, labels). */
export interface CtcGeometry {
  readonly shape: readonly number[];
  readonly frames: number;
  readonly sequences: number;
  readonly classes: number;
  /** Room for labels in each sequence. */
  readonly labels: number;
  readonly lossShape: readonly number[];
}

function check(request: Request): CtcGeometry {
  request.expectFloat("logProbs");
  const { shape, size } = request.get("logProbs");
  if (shape?.length !== 3) {
    const got = shape ? `shape [${shape}]` : `${size} elements`;
    fail("SHAPE_MISMATCH", `ctc: logProbs has ${got}, expected (frames, sequences, classes)`);
  }
  const [frames, sequences, classes] = shape as unknown as [number, number, number];
  const targets = request.get("targets");
  const given = targets.shape ?? [sequences, sequences > 0 ? targets.size / sequences : 0];
  const labels = given[1] ?? 0;
  if (given.length !== 2 || given[0] !== sequences || !Number.isInteger(labels)) {
    const got = targets.shape ? `shape [${targets.shape}]` : `${targets.size} elements`;
    fail("SHAPE_MISMATCH", `ctc: targets has ${got}, expected [${sequences}, labels]`);
  }
  if (request.number("blank") >= classes) {
    fail("OPTION", `ctc: blank is ${request.number("blank")}, outside [0, ${classes})`);
  }
  for (const [name, most] of [
    ["inputLengths", frames],
    ["targetLengths", labels],
  ] as const) {
    request.expectShape(name, [sequences], "(one for each sequence)");
    expectLengths(request, name, most);
  }
  const counted = (list: ArrayLike<number>): ((row: number) => number) | undefined => {
    const lengths = request.tensors["targetLengths"];
    if (!lengths) return () => labels;
    // Lengths on the GPU are not known here: the labels are judged there too.
    const known = hostLabels(lengths);
    return known && countsOf(list, labels, known);
  };
  expectLabelLists(request, "targets", classes, labels, counted, request.number("blank"));
  const lossShape = [sequences];
  request.expectCommon(lossShape);
  return { shape, frames, sequences, classes, labels, lossShape };
}

/**
 * Connectionist temporal classification: minus the log of the probability of all alignments of the labels to the frames.
 * @example
 * const { loss } = await ctc(tensor(logProbs, [50, 1, 20]), [[3, 7, 7, 2]], { blank: 0 });
 */
export const ctc = /* @__PURE__ */ defineLoss({
  name: "ctc",
  family: "row",
  aka: ["CTC", "F.ctc_loss"],
  summary:
    "Connectionist temporal classification: minus the log of the probability of all alignments of the labels to the frames.",
  formula: String.raw`-\log \sum_{\pi \in \mathcal{B}^{-1}(y)} \prod_t p_{t, \pi_t}`,
  reference: "Graves et al. 2006, doi:10.1145/1143844.1143891",
  inputs: { logProbs: "wrt", targets: "labels" },
  shapes: { logProbs: "(frames, batch, classes)", targets: "(batch, labels)" },
  options: {
    inputLengths: {
      tensor: "(sequences), whole numbers",
      role: "labels",
      doc: "Frames of each sequence; all by default.",
    },
    targetLengths: {
      tensor: "(sequences), whole numbers",
      role: "labels",
      doc: "Labels of each sequence; all by default. The mean divides each loss by its own first.",
    },
    blank: {
      default: 0,
      min: 0,
      integer: true,
      fixed: "always",
      doc: "The class that stands for no label.",
    },
    zeroInfinity: {
      default: false,
      doc: "A sequence too short for its labels has loss and gradient 0, not Infinity and NaN.",
    },
  },
  cases: [
    {
      args: [[[[-Math.LN2, -Math.LN2]], [[-Math.LN2, -Math.LN2]]], [[1]]],
      loss: 0.2876820724517809,
    },
    {
      args: [[[[-Math.LN2, -Math.LN2]], [[-Math.LN2, -Math.LN2]]], [[1]]],
      options: { targetLengths: [0] },
      loss: 1.3862943611198906,
    },
  ],
  check,
  cpu: async () => (await import("../cpu/ctc.js")).ctcCpu,
  gpu: async () => (await import("../gpu/ctc.js")).planCtc,
});
