import { describe, expect, test } from "vitest";
import type { AnyLoss } from "../../src/define.js";
import * as library from "../../src/index.js";
import { type LossResult, openBackend, type Tensor } from "../../src/index.js";
import { casesOf, type OracleCase, runCase } from "../oracle.js";

type WorkedCase = OracleCase & {
  readonly document: string;
  readonly section: string;
  readonly digits?: number;
};

const backend = await openBackend({ kind: "cpu" });
const losses = Object.values(library).filter(
  (item): item is typeof item & AnyLoss => typeof item === "function" && "spec" in item,
);

describe("the cases that a loss's own file states come out", () => {
  const stated = losses.flatMap((loss) =>
    loss.spec.cases.map((example, at) => ({
      title: `${loss.spec.name}, case ${at + 1}`,
      loss,
      example,
    })),
  );
  test.each(stated)("$title", async ({ loss, example }) => {
    const call = loss as unknown as (
      ...args: unknown[]
    ) => Promise<LossResult & { output?: Tensor }>;
    const result = await call(...example.args, { ...example.options, backend });
    const got = Array.from((await (result.output ?? result.loss).read()) as Float64Array);
    const want = [example.loss].flat();
    expect(got).toHaveLength(want.length);
    for (const [at, value] of want.entries()) expect(got[at]).toBeCloseTo(value, 10);
  });

  test("every loss states one", () => {
    expect(
      losses.filter(({ spec }) => spec.cases.length === 0).map(({ spec }) => spec.name),
    ).toEqual([]);
  });
});

describe("the worked numbers of the source documents come out", () => {
  const cases = (casesOf("worked") as WorkedCase[]).filter(({ loss }) => loss in library);
  test.each(cases)("document $document, $section: $title", async (oracle) => {
    const { digits } = oracle;
    // Where few decimals are printed, half of the last one may be missing.
    const absolute = digits === undefined ? 1e-15 : 0.5000001 * 10 ** -digits;
    const tolerance = { absolute, relative: 1e-9 };
    expect(await runCase(oracle, backend, { value: tolerance, gradient: tolerance })).toEqual([]);
  });
});
