import kernel from "../../shaders/combine.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import sum from "../../shaders/sum.wgsl?raw";
import tree from "../../shaders/sumTree.wgsl?raw";
import { type Program, ProgramBuilder, slice, statusBytes, type Target } from "../plan.js";
import type { Request } from "../request.js";
import { plainRange } from "./rowSlices.js";
import { lanesOf } from "./sums.js";

/** A weighted sum of losses, its shares and gradients, in one dispatch of one workgroup. */
export function planCombine(request: Request, terms: number, on: Target): Program {
  const builder = new ProgramBuilder("combine");
  const results = builder.buffer("results", (1 + terms) * 4);
  const status = builder.buffer("status", statusBytes);
  const inputs = {
    losses: plainRange(request, "losses"),
    weights: plainRange(request, "weights"),
    upstream: plainRange(request, "upstream"),
  };
  const gradient = (name: string) =>
    request.gradients[name] ? builder.buffer(`${name}Gradient`, terms * 4) : undefined;
  const gradients = { gradient: gradient("losses"), weightsGradient: gradient("weights") };
  const present = Object.entries({ ...inputs, ...gradients }).flatMap(([name, range]) =>
    range ? [[name, range] as const] : [],
  );
  builder.pass({
    kernel: {
      label: "combine",
      parts: [math, sum, tree, kernel],
      constants: {
        LANES: Math.min(lanesOf(on), 64),
        WEIGHTED: inputs.weights !== undefined,
        UPSTREAM: inputs.upstream !== undefined,
        GRADIENT: gradients.gradient !== undefined,
        WEIGHTS_GRADIENT: gradients.weightsGradient !== undefined,
      },
      params: {
        terms: "u32",
        lossesStart: "u32",
        weightsStart: "u32",
        upstreamStart: "u32",
        upstream: "f32",
      },
    },
    bindings: { ...Object.fromEntries(present), results, status },
    params: { terms, upstream: "upstream" },
    workgroups: 1,
    work: terms * 16,
  });
  builder.status(status);
  builder.result("loss", slice(results, 0, 1), []);
  if (request.outputs.has("shares")) builder.result("shares", slice(results, 1, terms), [terms]);
  for (const [name, range] of [
    ["losses", gradients.gradient],
    ["weights", gradients.weightsGradient],
  ] as const) {
    if (range) builder.result(`gradients.${name}`, range, [terms]);
  }
  return builder.build();
}
