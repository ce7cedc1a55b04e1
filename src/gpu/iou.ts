import core from "../../shaders/iou.wgsl?raw";
import main from "../../shaders/iouMain.wgsl?raw";
import type { BoxGeometry } from "../losses/iou.js";
import { type Program, ProgramBuilder, type Target } from "../plan.js";
import type { Request } from "../request.js";
import { planPairedRows } from "./pairedRows.js";
import { planReduction, planRows } from "./rows.js";

const variants = ["iou", "giou", "diou", "ciou"];

/** The overlap losses of boxes: an invocation for each pair, then the reduction. */
export function planIou(request: Request, { lossShape, rows }: BoxGeometry, on: Target): Program {
  const builder = new ProgramBuilder("iou");
  const context = planRows(builder, request, on, lossShape);
  const values = builder.buffer("values", rows * 4);
  planPairedRows(builder, request, on, context, {
    label: "iou",
    parts: [core, main],
    inputs: ["boxes", "targets"],
    shape: [...lossShape, 4],
    rows,
    width: 4,
    layout: { lanes: 1, rows: on.software ? 4 : 64 },
    constants: { VARIANT: variants.indexOf(request.choices.variant as string) },
    bindings: { values },
  });
  planReduction(builder, request, on, lossShape, values, context);
  return builder.build();
}
