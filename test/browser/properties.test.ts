import fc from "fast-check";
import { describe, test } from "vitest";
import { openSoftware } from "../against.js";
import { propertiesOf } from "../properties.js";

const backend = await openSoftware();
// Rounding of logits up to 160 / 0.5 in float32, and of sums: a share of the size of the numbers.
const properties = propertiesOf(backend, { value: 1e-6, gradient: 1e-6 });

describe("on the GPU, for any problem,", () => {
  test.each(Object.entries(properties))("%s", (_, property) =>
    fc.assert(property, { seed: 20_262, numRuns: 25 }),
  );
});
