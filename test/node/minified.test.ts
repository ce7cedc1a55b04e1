import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { wgslMinifier } from "../../src/build/wgsl.js";
import type { AnyLoss } from "../../src/define.js";
import { librariesOf } from "../../src/gpu/elementwiseModule.js";
import * as library from "../../src/losses/index.js";
import { assemble, bindingsOf } from "../../src/module.js";
import type { Kernel } from "../../src/plan.js";
import { validateWithNaga } from "../naga.js";
import { plannedProgram } from "../planners.js";
import { crossEntropyModules, targets } from "../variants.js";

const read = (pattern: string): readonly string[] =>
  execFileSync("git", ["ls-files", "-co", "--exclude-standard", pattern], { encoding: "utf8" })
    .split("\n")
    .filter((file) => file !== "" && !file.startsWith("src/page/"))
    .map((file) => readFileSync(file, "utf8"));
const files = read("shaders/*.wgsl");
const sources = read("src/*.ts");
const { shader, hooks } = wgslMinifier(files, sources);

/** What a build makes of each text that stands in a file or in a source; generated text stays as it is. */
const small = new Map(files.map((file) => [file, shader(file)]));
for (const source of sources) {
  const texts = (code: string) =>
    [...code.matchAll(/\/\* wgsl \*\/\s*`([^`$]*)`/g)].map(([, text]) => text);
  const after = texts(hooks(source));
  for (const [at, text] of texts(source).entries()) small.set(text as string, after[at] as string);
}
/** Hooks may stand inside a longer part. */
const smallPart = (part: string): string =>
  small.get(part) ??
  [...small].reduce(
    (text, [from, to]) => (text.includes(from) ? text.replace(from, () => to) : text),
    part,
  );
const smallest = (kernel: Kernel): Kernel => ({ ...kernel, parts: kernel.parts.map(smallPart) });

/** Words and signs, numbers in one form; a member differs from a variable of that name. */
function wordsOf(code: string): string[] {
  const token = /\/\/.*|\.\s*[A-Za-z_]\w*|[A-Za-z_]\w*|\d[\w.]*|\.\d\w*|[^\s\w]/g;
  return [...code.matchAll(token)]
    .map(([text]) => text)
    .filter((text) => !text.startsWith("//"))
    .map((text) => (/^[\d.]+$/.test(text) && /\d/.test(text) ? String(Number(text)) : text));
}

/** With the digits in place of each whole number that the text declares. */
function withDigits(code: string): string {
  const declaration = /\bconst (\w+): ?u32 ?= ?(\d+u|0x[\da-f]+u);/g;
  const digits = new Map([...code.matchAll(declaration)].map(([, name, value]) => [name, value]));
  return code.replace(declaration, "").replace(/\w+/g, (word) => digits.get(word) ?? word);
}

/** Fails unless `after` is `before` with other names: one for one in each declaration. */
function expectRenamed(before: string, after: string): void {
  const [from, to] = [wordsOf(withDigits(before)), wordsOf(withDigits(after))];
  expect(to.length).toBe(from.length);
  const names = new Map<string, string>();
  const origins = new Map<string, string>();
  let depth = 0;
  for (const [at, word] of from.entries()) {
    const other = to[at] as string;
    if (word === "{") depth += 1;
    if (word === "}") depth -= 1;
    if (!/^\.?[A-Za-z_]/.test(word)) expect(other).toBe(word);
    else if ((names.get(word) ?? other) !== other || (origins.get(other) ?? word) !== word) {
      throw new Error(`${word} is both ${names.get(word)} and ${other} of ${origins.get(other)}`);
    }
    names.set(word, other);
    origins.set(other, word);
    if (depth > 0 || (word !== "}" && word !== ";")) continue;
    names.clear();
    origins.clear();
  }
}

const seen = new Set<string>();
/** The module of a published build means what the module in the sources means, and compiles. */
function expectSame(kernel: Kernel): void {
  const text = assemble(kernel);
  if (seen.has(text)) return;
  seen.add(text);
  const minified = assemble(smallest(kernel));
  expect(minified.length).toBeLessThan(text.length);
  expectRenamed(text, minified);
  expect(bindingsOf(minified)).toEqual(bindingsOf(text));
  validateWithNaga(minified);
}

describe("a module of the published build compiles and differs from its source by names and named numbers alone", () => {
  test.each(crossEntropyModules())("$name", ({ kernel }) => expectSame(kernel));

  const losses = Object.values(library) as unknown as AnyLoss[];
  const planned = losses
    .filter(({ spec }) => spec.gpu)
    .map(({ spec }) => ({ name: spec.name, spec }));
  test.each(planned)("$name", ({ spec }) => {
    for (const { args, options } of spec.cases) {
      const inputs = Object.fromEntries(
        Object.keys(spec.inputs).map((name, at) => [name, args[at]]),
      );
      for (const on of Object.values(targets)) {
        for (const gradients of [false, true]) {
          const program = plannedProgram(spec, inputs, { ...options, gradients }, on, false);
          for (const { kernel } of program.passes) expectSame(kernel);
        }
      }
    }
  });
});

test("a hook that was made small asks for the same libraries", () => {
  for (const [hook, after] of small) expect(librariesOf(after), hook).toEqual(librariesOf(hook));
});

describe("the minifier", () => {
  test("keeps what the host sets, binds or writes", () => {
    const host =
      'const known = { LANES: 4, STATS: 1 }; const text = "fn made() { let a = one.part; }";';
    const kept = [
      "const LANES:u32=1u;",
      "fn made()->u32{return params.rows;}",
      "struct Own{part:u32}",
      "@group(0)@binding(1)var<storage>known:array<u32>;",
    ];
    const { shader } = wgslMinifier(kept, [host]);
    expect(kept.map(shader)).toEqual([...kept.slice(0, 2), "struct aA{part:u32}", kept[3]]);
    expect(shader("let x = 2.0 + 0.5 - -x; // gone")).toBe("let x=2.+.5- -x;");
  });

  test("writes digits for the name of a whole number, unless two files mean different ones", () => {
    const files = [
      "const SEVEN: u32 = 7u;\nconst BIT: u32 = 1u;\nconst HALF: f32 = 0.5;",
      "const BIT: u32 = 2u;\nfn of(x: u32) -> u32 { return select(x * SEVEN, BIT, HALF > 1.0); }",
    ];
    const { shader } = wgslMinifier(files, []);
    expect(files.map(shader)).toEqual([
      expect.stringMatching(/^const \w+:u32=1u;const \w+:f32=\.5;$/),
      expect.stringMatching(
        /^const (\w+):u32=2u;fn \w+\(a:u32\)->u32\{return select\(a\*7u,\1,\w+>1\.\);\}$/,
      ),
    ]);
  });

  test("renames what two files share alike, and swizzles not at all", () => {
    const files = [
      "struct Pair { first: f32, x: f32 }\nfn firstOf(pair: Pair) -> f32 { return pair.first + pair.x; }",
      "fn twice(first: f32) -> f32 { return firstOf(Pair(first, first)); }",
    ];
    const { shader } = wgslMinifier(files, []);
    const [types, use] = files.map(shader) as [string, string];
    expect(types).toMatch(
      /^struct (\w+)\{(\w+):f32,x:f32\}fn (\w+)\(a:\1\)->f32\{return a\.\2\+a\.x;\}$/,
    );
    const name = types.match(/fn (\w+)/)?.[1];
    expect(use).toContain(`return ${name}(`);
  });

  test("covers no name that a function means by another declaration", () => {
    const files = [
      "const a: f32 = 1.0;",
      "fn use(long: u32, b: u32) -> u32 { return long + b + a; }",
    ];
    const { shader } = wgslMinifier(files, ["`fn use() { a; }`"]);
    expect(shader(files[1] as string)).toMatch(/\((\w+):u32,(\w+):u32\)->u32\{return \1\+\2\+a;\}/);
  });
});
