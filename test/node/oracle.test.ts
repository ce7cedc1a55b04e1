import { describe, expect, it } from "vitest";
import * as library from "../../src/index.js";
import { openBackend } from "../../src/index.js";
import { casesOf, oracleNames, runCase } from "../oracle.js";

const tolerance = {
  value: { absolute: 1e-12, relative: 1e-12 },
  gradient: { absolute: 1e-12, relative: 1e-12 },
};
const backend = await openBackend({ kind: "cpu" });

for (const name of oracleNames.filter((name) => name in library)) {
  describe(`${name} on the CPU gives PyTorch's float64 numbers`, () => {
    it.each(casesOf(name))("$title", async (oracle) => {
      expect(await runCase(oracle, backend, tolerance)).toEqual([]);
    });
  });
}
