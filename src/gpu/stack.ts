import kernel from "../../shaders/stack.wgsl?raw";
import { gpuDType } from "../dtype.js";
import { fail } from "../errors.js";
import { type Program, ProgramBuilder, type Target } from "../plan.js";
import type { Request } from "../request.js";
import { inputRange } from "./rows.js";

/** Copies numbers that lie in buffers of their own into one: a dispatch of one invocation each. */
export function planStack(request: Request, _on: Target): Program {
  const builder = new ProgramBuilder(request.spec.name);
  const terms = Object.keys(request.spec.inputs);
  const stacked = builder.buffer("stacked", terms.length * 4);
  for (const [at, name] of terms.entries()) {
    const argument = request.get(name);
    const dtype = gpuDType(argument.dtype);
    if (dtype !== "f32") {
      fail("DTYPE", `${request.where(name)} has dtype ${dtype}; on the GPU it must be f32`);
    }
    builder.pass({
      kernel: {
        label: "stack",
        parts: [kernel],
        constants: {},
        params: { at: "u32", termStart: "u32" },
      },
      bindings: { term: inputRange(argument), stacked },
      params: { at },
      workgroups: 1,
      work: 8,
    });
  }
  builder.result("output", stacked, [terms.length]);
  return builder.build();
}
