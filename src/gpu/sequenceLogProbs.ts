import math from "../../shaders/math.wgsl?raw";
import push from "../../shaders/sequencePush.wgsl?raw";
import sums from "../../shaders/sequenceSums.wgsl?raw";
import sum from "../../shaders/sum.wgsl?raw";
import tree from "../../shaders/sumTree.wgsl?raw";
import { Argument } from "../argument.js";
import { tokenRequest } from "../families/tokens.js";
import type { Geometry } from "../losses/crossEntropy.js";
import { type Program, ProgramBuilder, type Target } from "../plan.js";
import type { Request } from "../request.js";
import { sizeOf } from "../tensor.js";
import { planLosses } from "./crossEntropy.js";
import { loadPieces } from "./crossEntropyModule.js";
import { plainRange } from "./rowSlices.js";
import { lanesOf } from "./sums.js";

/** Plans the factor of each token's gradient: its sequence's, negated. Gives it as the tensor that it will be. */
function planPush(
  builder: ProgramBuilder,
  request: Request,
  { rows, lossShape }: Geometry,
  scale: number,
): Argument {
  const { upstream } = request.tensors;
  const pushed = builder.buffer("pushed", rows * 4);
  const given = plainRange(request, "upstream");
  builder.pass({
    kernel: {
      label: "upstream of tokens",
      parts: [push],
      constants: { UPSTREAM: upstream ? (upstream.size === 1 ? 1 : 2) : 0 },
      params: {
        count: "u32",
        tokens: "u32",
        gridWidth: "u32",
        upstreamStart: "u32",
        upstream: "f32",
        scale: "f32",
      },
    },
    bindings: { ...(given ? { upstream: given } : {}), pushed },
    params: { count: rows, tokens: lossShape.at(-1) as number, upstream: "upstream", scale },
    workgroups: Math.ceil(rows / 64),
    work: rows * 4,
  });
  return new Argument("pushed", "f32", lossShape, undefined, rows);
}

/** Sequence log-probabilities: cross-entropy's own kernels over the tokens, then a sum for each sequence. */
export function planSequenceLogProbs(request: Request, geometry: Geometry, on: Target): Program {
  const { lossShape, rows } = geometry;
  const shape = lossShape.slice(0, -1);
  const sequences = sizeOf(shape);
  const tokens = lossShape.at(-1) as number;
  const average = request.choices.average === true;
  const builder = new ProgramBuilder("sequenceLogProbs");
  // A mean over sequences divides by their number too, which is taken back here.
  const scale = average ? sequences : 1;
  const pushed = request.gradients.logits && planPush(builder, request, geometry, scale);
  const known = tokenRequest(request, average ? "sequenceMean" : "sum", pushed);
  const { context, planes } = planLosses(builder, known, geometry, on);
  const output = builder.buffer("output", sequences * 4);
  builder.pass({
    kernel: {
      label: "sums of sequences",
      parts: [math, sum, tree, sums],
      constants: { LANES: Math.min(lanesOf(on), 64), AVERAGE: average },
      params: {
        sequences: "u32",
        tokens: "u32",
        gridWidth: "u32",
        valuesStart: "u32",
        scale: "f32",
      },
    },
    bindings: { values: planes.at(0), totals: context.totals, output },
    params: { sequences, tokens, scale },
    workgroups: sequences,
    work: rows * 4,
  });
  builder.result("output", output, shape);
  const program = builder.build();
  const rule = program.labelRule?.replace(known.where("targets"), request.where("labels"));
  return rule ? { ...program, labelRule: rule } : program;
}
planSequenceLogProbs.load = loadPieces;
