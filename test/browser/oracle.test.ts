import { describe, expect, it } from "vitest";
import * as library from "../../src/index.js";
import { openBackend } from "../../src/index.js";
import { casesOf, lossNamed, oracleNames, runCase } from "../oracle.js";

const tolerance = {
  value: { absolute: 4e-6, relative: 2e-6 },
  gradient: { absolute: 2e-7, relative: 5e-6 },
};
const backend = await openBackend({ kind: "webgpu" });

const onGpu = (name: string): boolean => name in library && lossNamed(name).spec.gpu !== undefined;
for (const name of oracleNames.filter(onGpu)) {
  describe(`${name} on the GPU gives PyTorch's numbers`, () => {
    it.each(casesOf(name))("$title", async (oracle) => {
      expect(await runCase(oracle, backend, tolerance)).toEqual([]);
    });
  });
}
