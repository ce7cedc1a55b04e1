import expLog from "../../shaders/expLog.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import scalesKernel from "../../shaders/scales.wgsl?raw";
import type { ScaleRule } from "../families/arrangement.js";
import type { ProgramBuilder, Range } from "../plan.js";
import type { Request } from "../request.js";
import { plainRange } from "./rowSlices.js";

const rules = { scale: 0, temperature: 1, logitScale: 2 } as const;

/** Plans the numbers that similarities are multiplied by and shifted by: scale, bias, chain. */
export function planScales(
  builder: ProgramBuilder,
  request: Request,
  rule: ScaleRule,
  bias: "bias" | number,
): Range {
  const scales = builder.buffer("scales", 12);
  const scaleTensor = typeof rule === "string" ? plainRange(request, rule) : undefined;
  const biasTensor = bias === "bias" ? plainRange(request, "bias") : undefined;
  const numberOf = (name: string | number): string | number =>
    typeof name === "string" && request.tensors[name] ? 0 : name;
  builder.pass({
    kernel: {
      label: "scales",
      parts: [math, expLog, scalesKernel],
      constants: {
        RULE: typeof rule === "string" ? rules[rule] : 0,
        SCALE_TENSOR: scaleTensor !== undefined,
        BIAS_TENSOR: biasTensor !== undefined,
      },
      params: { scaleStart: "u32", biasStart: "u32", scale: "f32", bias: "f32" },
    },
    bindings: {
      ...(scaleTensor ? { scale: scaleTensor } : {}),
      ...(biasTensor ? { bias: biasTensor } : {}),
      scales,
    },
    params: { scale: numberOf(rule), bias: numberOf(bias) },
    workgroups: 1,
    work: 12,
  });
  return scales;
}
