import kernel from "../../shaders/accumulate.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import sum from "../../shaders/sum.wgsl?raw";
import { type Program, ProgramBuilder, slice, statusBytes, type Target } from "../plan.js";
import type { Request } from "../request.js";
import { plainRange } from "./rowSlices.js";
import { inputRange } from "./rows.js";
import { emptyBitsOf } from "./sums.js";

/** One more part to a running sum and count, in one invocation. */
export function planAccumulate(request: Request, _on: Target): Program {
  const builder = new ProgramBuilder("accumulator");
  const state = builder.buffer("state", 5 * 4);
  // Not "status": that is the name of the input.
  const status = builder.buffer("newStatus", statusBytes);
  const plain = (name: string) => plainRange(request, name) ?? inputRange(request.get(name));
  builder.pass({
    kernel: {
      label: "accumulate",
      parts: [math, sum, kernel],
      constants: { LANES: 1 },
      params: {
        sumStart: "u32",
        countStart: "u32",
        addedStart: "u32",
        beforeStart: "u32",
        emptyBits: "u32",
      },
    },
    bindings: {
      sum: plain("sum"),
      count: plain("count"),
      added: inputRange(request.get("status")),
      before: inputRange(request.get("before")),
      state,
      status,
    },
    params: { emptyBits: emptyBitsOf(request) },
    workgroups: 1,
    work: 64,
  });
  builder.status(
    status,
    'of the accumulated parts are no use: labels outside the classes, or losses that were divided already; use reduction: "sum"',
  );
  const word = (at: number) => slice(state, at, 1);
  builder.result("loss", word(3), []);
  builder.result("sum", word(0), []);
  builder.result("count", word(1), []);
  builder.result("factor", word(4), []);
  builder.result("state", slice(state, 0, 3), [3]);
  return builder.build();
}
