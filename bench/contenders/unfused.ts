import type { Contender } from "../page/contract.js";
import { by64, handWritten, perRow, type Step } from "./handWritten.js";
import code from "./unfused.wgsl?raw";

const losses: readonly Step[] = [
  { entry: "rowMax", groups: perRow, bindings: [0, 1, 3] },
  { entry: "rowSum", groups: perRow, bindings: [0, 1, 3, 4] },
  { entry: "gather", groups: by64, bindings: [0, 1, 2, 3, 4, 5] },
  { entry: "mean", groups: () => 1, bindings: [0, 5, 6] },
];

export const unfused: Contender = handWritten("unfused WGSL", code, {
  loss: losses,
  "loss+gradient": [
    ...losses,
    {
      entry: "gradients",
      groups: (_, elements) => by64(elements),
      bindings: [0, 1, 2, 3, 4, 7],
    },
  ],
});
