import fc from "fast-check";
import { describe, test } from "vitest";
import { openBackend } from "../../src/index.js";
import { propertiesOf } from "../properties.js";

const backend = await openBackend({ kind: "cpu" });
const properties = propertiesOf(backend, { value: 1e-12, gradient: 1e-13 });

describe("in float64, for any problem,", () => {
  test.each(Object.entries(properties))("%s", (_, property) =>
    fc.assert(property, { seed: 20_261, numRuns: 100 }),
  );
});
