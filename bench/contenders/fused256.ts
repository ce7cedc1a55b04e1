import type { Contender } from "../page/contract.js";
import code from "./fused256.wgsl?raw";
import { handWritten, perRow, type Step } from "./handWritten.js";

const steps: readonly Step[] = [
  { entry: "fused", groups: perRow, bindings: [0, 1, 2, 5, 7] },
  { entry: "mean", groups: () => 1, bindings: [0, 5, 6] },
];

export const fused256: Contender = handWritten("fused WGSL, 256 lanes", code, {
  loss: steps,
  "loss+gradient": steps,
});
