import { describe, expect, test } from "vitest";
import { openBackend } from "../../src/index.js";
import { settings, tryPoison } from "../poisonCases.js";

const backend = await openBackend({ kind: "cpu" });

describe("the float64 reference gives rows of NaN, infinities and huge numbers the stated answers", () => {
  test.each(settings)("$title", async (setting) => {
    const { rows, wrong } = await tryPoison(setting, backend, true);
    expect(rows).toBeGreaterThan(80);
    expect(wrong).toEqual([]);
  });
});
