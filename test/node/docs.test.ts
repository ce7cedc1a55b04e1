import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as library from "../../src/index.js";
import * as registry from "../../src/losses/index.js";
import { docOf, lossesMarkdown, specs } from "../losses-md.js";
import { oracleNames } from "../oracle.js";

const sourceOf = (name: string): string => readFileSync(`src/losses/${name}.ts`, "utf8");
const known = specs.map((spec) => ({ name: spec.name, spec }));

describe("the registry", () => {
  test("names each loss as its file and its export", () => {
    const stray = Object.entries(registry).filter(
      ([name, loss]) => loss.spec.name !== name || docOf(sourceOf(name), name).sentence === "",
    );
    expect(stray.map(([name]) => name)).toEqual([]);
  });

  test("is all that the library exports as losses", () => {
    const exported = Object.entries(library).filter(
      ([, item]) => typeof item === "function" && "spec" in item,
    );
    expect(exported.map(([name]) => name).sort()).toEqual(Object.keys(registry).sort());
  });

  test("has each file of the folder that holds a loss", () => {
    const files = readdirSync("src/losses").map((file) => file.replace(".ts", ""));
    const losses = files.filter((name) =>
      /export const \w+.*= \/\* @__PURE__/.test(sourceOf(name)),
    );
    expect(losses.filter((name) => !(name in registry))).toEqual([]);
  });

  test("has a loss for each file of PyTorch's numbers", () => {
    const losses = oracleNames.filter((name) => name !== "worked");
    expect(losses.filter((name) => !(name in registry))).toEqual([]);
  });
});

describe.each(known)("$name says what it is", ({ name, spec }) => {
  test("by a formula, a reference, a worked case and words for each option", () => {
    expect(spec.formula).not.toBe("");
    expect(spec.reference).not.toBe("");
    expect(spec.cases.length).toBeGreaterThan(0);
    for (const option of Object.values(spec.options)) expect(option.doc).toMatch(/\S/);
  });

  test("in one sentence, which its comment says too", () => {
    expect(spec.summary).toMatch(/\.$/);
    expect(docOf(sourceOf(name), name).sentence).toBe(spec.summary);
  });

  test("and is made by a call that a bundler may drop", () => {
    expect(sourceOf(name)).toMatch(new RegExp(`export const ${name}\\b[^=]*= /\\* @__PURE__ \\*/`));
  });
});

describe("the example of each public function runs", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.startsWith("page"))
    .map((file) => readFileSync(`src/${file}`, "utf8"));
  const functions = Object.entries(library)
    .filter(([, item]) => typeof item === "function" && !/^[A-Z]/.test(item.name))
    .map(([name]) => ({ name }));
  // What the examples leave to the reader.
  const given = {
    logProbs: new Float32Array(50 * 20).fill(-Math.log(20)),
  };

  test.each(functions)("$name", async ({ name }) => {
    const docs = files.map((text) => docOf(text, name));
    const examples = docs.find((doc) => doc.sentence !== "")?.examples ?? [];
    expect(examples, `${name} has no @example`).not.toEqual([]);
    const names = Object.keys({ ...library, ...given });
    for (const example of examples) {
      const run = new Function(...names, `return (async () => {\n${example}\n})();`);
      await run(...Object.values({ ...library, ...given }));
    }
  });
});

test("LOSSES.md says what the specs say; `npm run docs` writes it", async () => {
  await expect(lossesMarkdown()).toMatchFileSnapshot("../../LOSSES.md");
});
