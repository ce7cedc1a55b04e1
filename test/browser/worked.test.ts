import { describe, expect, test } from "vitest";
import { openSoftware } from "../against.js";
import { lossNamed, runCase } from "../oracle.js";
import { documentCases, missing, statedCases, valuesOf } from "../worked.js";

const backend = await openSoftware();
const relative = 2e-6;
const absolute = 1e-7;

describe("the cases that a loss's own file states come out on the GPU", () => {
  test.each(statedCases.filter(({ loss }) => loss.spec.gpu))(
    "$title",
    async ({ loss, example }) => {
      const got = await valuesOf(loss, example, backend);
      const want = [example.loss].flat();
      expect(got).toHaveLength(want.length);
      for (const [at, value] of want.entries()) {
        expect(Math.abs((got[at] as number) - value)).toBeLessThanOrEqual(
          absolute + relative * Math.abs(value),
        );
      }
    },
  );
});

describe("the worked numbers of the source documents come out on the GPU", () => {
  const onGpu = documentCases.filter(({ loss }) => lossNamed(loss).spec.gpu);
  test.each(onGpu)("document $document, $section: $title", async (oracle) => {
    const tolerance = { absolute: absolute + missing(oracle), relative };
    expect(await runCase(oracle, backend, { value: tolerance, gradient: tolerance })).toEqual([]);
  });
});
