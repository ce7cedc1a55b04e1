import { describe, expect, it } from "vitest";
import * as library from "../../src/index.js";
import { openSoftware } from "../against.js";
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
/** Gradients through a layer are sums over classes of slopes times weights, which cancel: their terms' total is up to 16. */
const layered = { ...tolerance, gradient: { absolute: 1e-6, relative: 5e-6 } };
const toleranceOf = ({ loss, options }: OracleCase): typeof tolerance => {
  if (loss === "linearCrossEntropy") return layered;
  return lossNamed(loss).spec.family === "elementwise"
    ? elementwise(options["reduction"])
    : tolerance;
};
const backend = await openSoftware();

const onGpu = (name: string): boolean => name in library && lossNamed(name).spec.gpu !== undefined;
const names = oracleNames.filter(onGpu);
const all = names.flatMap(casesOf);

const AHEAD = 4;
const begun = new Map<OracleCase, Promise<string[]>>();
/** Cases begin before their turn: nearly all of their time is compilation, for which there is more than one core. */
function begin(oracle: OracleCase): Promise<string[]> {
  const at = all.indexOf(oracle);
  for (const next of all.slice(at, at + 1 + AHEAD)) {
    if (begun.has(next)) continue;
    const found = runCase(next, backend, toleranceOf(next));
    // Awaited in its own turn; until then nobody else would hear of it.
    found.catch(() => {});
    begun.set(next, found);
  }
  return begun.get(oracle) as Promise<string[]>;
}

for (const name of names) {
  describe(`${name} on the GPU gives PyTorch's numbers`, () => {
    it.each(casesOf(name))("$title", async (oracle) => {
      expect(await begin(oracle)).toEqual([]);
    });
  });
}
