import { describe, expect, it } from "vitest";
import * as library from "../../src/index.js";
import { openBackend } from "../../src/index.js";
import { casesOf, lossNamed, type OracleCase, oracleNames, runCase } from "../oracle.js";

const tolerance = {
  value: { absolute: 4e-6, relative: 2e-6 },
  gradient: { absolute: 2e-7, relative: 5e-6 },
};
/** An element alone is exact to 1e-7; a sum of both signs to some 3e-8 of its terms' total, which here is up to 12. */
const elementwise = (reduction: unknown): typeof tolerance => ({
  value: { absolute: reduction === "none" ? 1e-7 : 4e-7, relative: 2e-6 },
  gradient: { absolute: 1e-7, relative: 5e-6 },
});
const toleranceOf = ({ loss, options }: OracleCase): typeof tolerance =>
  lossNamed(loss).spec.family === "elementwise" ? elementwise(options["reduction"]) : tolerance;
const backend = await openBackend({ kind: "webgpu" });

const onGpu = (name: string): boolean => name in library && lossNamed(name).spec.gpu !== undefined;
for (const name of oracleNames.filter(onGpu)) {
  describe(`${name} on the GPU gives PyTorch's numbers`, () => {
    it.each(casesOf(name))("$title", async (oracle) => {
      expect(await runCase(oracle, backend, toleranceOf(oracle))).toEqual([]);
    });
  });
}
