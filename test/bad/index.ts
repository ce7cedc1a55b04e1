import type { BadInput } from "./calls.js";
import { formats } from "./formats.js";
import { names } from "./names.js";
import { plans } from "./plans.js";
import { ranges } from "./ranges.js";
import { shapes } from "./shapes.js";

/** Everything that a user may get wrong and that the host can see. */
export const badInputs: readonly BadInput[] = [
  ...shapes,
  ...formats,
  ...ranges,
  ...names,
  ...plans,
];
