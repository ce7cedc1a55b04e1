import { describe, expect, it } from "vitest";
import { openBackend } from "../../src/index.js";
import { casesOf, runCase } from "../oracle.js";

const tolerance = {
  value: { absolute: 1e-7, relative: 2e-6 },
  gradient: { absolute: 1e-7, relative: 5e-6 },
};
const backend = await openBackend({ kind: "webgpu" });
const names =
  "costMatrix distillation entropy generalizedCrossEntropy jsd klDivergence listwiseSoftmax multiMargin multilabelSoftMargin nll poly softmaxFocal totalVariation logSoftmax softmax logSumExp multilabelMargin ctc".split(
    " ",
  );

for (const name of names) {
  describe(`${name} on the GPU gives PyTorch's numbers`, () => {
    it.each(casesOf(name))("$title", async (oracle) => {
      expect(await runCase(oracle, backend, tolerance)).toEqual([]);
    });
  });
}
