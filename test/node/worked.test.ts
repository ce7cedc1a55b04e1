import { describe, expect, test } from "vitest";
import { openBackend } from "../../src/index.js";
import { runCase } from "../oracle.js";
import { documentCases, missing, statedCases, valuesOf } from "../worked.js";

const backend = await openBackend({ kind: "cpu" });

describe("the cases that a loss's own file states come out", () => {
  test.each(statedCases)("$title", async ({ loss, example }) => {
    const got = await valuesOf(loss, example, backend);
    const want = [example.loss].flat();
    expect(got).toHaveLength(want.length);
    for (const [at, value] of want.entries()) expect(got[at]).toBeCloseTo(value, 10);
  });
});

describe("the worked numbers of the source documents come out", () => {
  test.each(documentCases)("document $document, $section: $title", async (oracle) => {
    const tolerance = { absolute: 1e-15 + missing(oracle), relative: 1e-9 };
    expect(await runCase(oracle, backend, { value: tolerance, gradient: tolerance })).toEqual([]);
  });
});
