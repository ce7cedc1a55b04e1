import alone from "../../shaders/lanesAlone.wgsl?raw";
import tree from "../../shaders/lanesTree.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import mining from "../../shaders/mining.wgsl?raw";
import miningAll from "../../shaders/miningAll.wgsl?raw";
import miningHard from "../../shaders/miningHard.wgsl?raw";
import { fail } from "../errors.js";
import type { Geometry } from "../families/arrangement.js";
import { type Program, ProgramBuilder, type Target } from "../plan.js";
import type { Request } from "../request.js";
import { directionsOf, planDegenerate } from "./directions.js";
import { planBatch } from "./pairwise.js";
import { BLOCK_BYTES, blocksOf } from "./product.js";
import { planReduction } from "./rows.js";
import { planBack, planSimilarities } from "./similarities.js";

const metricCodes = { cosine: 0, dot: 0, euclidean: 1, squared: 2 } as const;

/** Rows beyond which a loop over all of them might end before its time: 65 535 trips are sure everywhere. */
const MOST_ROWS = 65_535;

/** Plans triplets mined in a batch: distances, then one pass over each anchor's row of them. */
export function planMining(request: Request, geometry: Geometry, on: Target): Program {
  const { arrangement, rows, lossShape } = geometry;
  if (rows > MOST_ROWS) {
    fail("LIMIT_EXCEEDED", `tripletMining: ${rows} rows; on the GPU it mines at most ${MOST_ROWS}`);
  }
  const builder = new ProgramBuilder(request.spec.name);
  const batch = planBatch(builder, request, geometry, on, true);
  const { similarities, context, bindings, scales, slopes } = batch;
  const { tiles, stride, matrix } = similarities;
  const hasGradient = slopes.left !== undefined;
  const values = builder.buffer("values", rows * 4);
  const held = (tiles[0]?.blocks ?? 0) * stride * BLOCK_BYTES;
  const mined = hasGradient ? builder.buffer("mined", held) : undefined;
  const all = request.choices.mining === "all";
  // Lanes that meet at a barrier must all have the same anchor, for its triplets decide how often they meet.
  const lanes = on.software ? 1 : 64;
  const lines = on.software ? 4 : 1;
  for (const tile of tiles) {
    planSimilarities(builder, on, similarities, tile);
    builder.pass({
      kernel: {
        label: `mining ${request.choices.mining}`,
        parts: [math, mining, all ? miningAll : miningHard, on.software ? alone : tree],
        constants: {
          LANES: lanes,
          LINES: lines,
          METRIC: metricCodes[arrangement.metric],
          GRADIENT: hasGradient,
          ACTIVE_AT_KINK: request.choices.kink === "torch",
          ...(all ? {} : { SEMI: request.choices.mining === "semiHard" }),
        },
        params: {
          rows: "u32",
          padded: "u32",
          firstRow: "u32",
          stride: "u32",
          segmentLength: "u32",
          gridWidth: "u32",
          margin: "f32",
        },
      },
      bindings: {
        ...bindings,
        similarities: matrix,
        scales,
        totals: context.totals,
        values,
        inverses: similarities.left.inverses,
        ...(mined ? { slopes: mined } : {}),
      },
      params: {
        rows,
        padded: blocksOf(rows) * 4,
        firstRow: tile.firstBlock * 4,
        stride,
        segmentLength: context.segmentLength,
        margin: "margin",
      },
      workgroups: Math.ceil((tile.blocks * 4) / lines),
      work: tile.blocks * stride * 512,
    });
    if (mined) planBack(builder, on, similarities, mined, slopes, tile);
  }
  planReduction(builder, request, on, lossShape, values, context);
  batch.publishGradients();
  if (arrangement.metric === "cosine") {
    planDegenerate(
      builder,
      on,
      context.status,
      directionsOf(similarities.left, similarities.right),
    );
  }
  return builder.build();
}
