import exponential from "../../shaders/exponential.wgsl?raw";
import hookMath from "../../shaders/hookMath.wgsl?raw";
import main from "../../shaders/samples.wgsl?raw";
import type { SampleGeometry } from "../families/samples.js";
import { type Program, ProgramBuilder, slice, type Target } from "../plan.js";
import type { Request } from "../request.js";
import { planPairedRows } from "./pairedRows.js";
import { rowShape } from "./rowShape.js";
import { planReduction, planRows } from "./rows.js";

/** Planes of `values`: the losses, then what earlier parts hand on as numbers and as flags. */
const PLANES = 3;

/** A loss of sums over samples: the passes of each part, then the reduction. */
export function planSamples(
  request: Request,
  { samples, parts }: SampleGeometry,
  on: Target,
): Program {
  const builder = new ProgramBuilder(request.spec.name);
  const context = planRows(builder, request, on, [samples]);
  const shown = parts.map(({ output }) => output !== undefined && request.outputs.has(output));
  const planes = PLANES + shown.filter(Boolean).length;
  const values = builder.buffer("values", planes * samples * 4);
  let plane = PLANES;
  for (const [at, { inputs, output, shape, length, wgsl, needsSums }] of parts.entries()) {
    planPairedRows(builder, request, on, context, {
      label: `${request.spec.name} ${inputs[0]}`,
      parts: [hookMath, exponential, wgsl, main],
      inputs,
      shape,
      rows: samples,
      width: length,
      layout: rowShape(on, samples, length, false),
      constants: {
        FIRST_PART: at === 0,
        LAST_PART: at === parts.length - 1,
        SHOWN: shown[at] ? plane : 0,
        WHOLE: needsSums,
      },
      bindings: { values },
    });
    if (!shown[at] || !output) continue;
    builder.result(output, slice(values, plane * samples, samples), [samples]);
    plane += 1;
  }
  planReduction(builder, request, on, [samples], slice(values, 0, samples), context);
  return builder.build();
}
