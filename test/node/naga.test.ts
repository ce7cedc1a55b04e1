import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { assemble } from "../../src/module.js";
import type { Target } from "../../src/plan.js";
import { validateWithNaga } from "../naga.js";
import { programOf, targets } from "../variants.js";

const folder = "test/modules";
const modules = existsSync(folder)
  ? readdirSync(folder).filter((file) => file.endsWith(".wgsl"))
  : [];

describe("naga, the compiler of Firefox and wgpu,", () => {
  // What naga cannot know yet belongs to a variant that a device must ask for: wgpu#5555, wgpu#8202.
  const accepted = modules.filter(
    (file) => !/^enable subgroups;/m.test(readFileSync(`${folder}/${file}`, "utf8")),
  );
  test.each(accepted)("accepts %s", (file) => {
    validateWithNaga(readFileSync(`${folder}/${file}`, "utf8"));
  });

  test("accepts the subgroups of cross-entropy, once the directive that it does not know is gone", () => {
    const on = { ...(targets["gpu"] as Target), features: new Set(["subgroups"]) };
    const shapes = { logits: { shape: [4, 50_257] }, targets: { shape: [4], dtype: "i32" } };
    const { passes } = programOf(shapes, { gradients: true }, on);
    const texts = passes.map(({ kernel }) => assemble(kernel));
    const joined = texts.filter((text) => text.includes("enable subgroups;"));
    // What the parts of a row come to, and the gradient made of them.
    expect(joined).toHaveLength(2);
    for (const text of joined) validateWithNaga(text.replace("enable subgroups;", ""));
  });

  test("rejects a wrong type, naming the line", () => {
    const code = "@compute @workgroup_size(1)\nfn main() {\n  let a: u32 = 1.5;\n}";
    expect(() => validateWithNaga(code)).toThrow(/wgsl:3:/);
  });

  test("rejects a store to a read-only binding, which only validation sees", () => {
    const code = `
      @group(0) @binding(0) var<storage, read> a: array<f32>;
      @compute @workgroup_size(1) fn main() { a[0] = 1.0; }`;
    expect(() => validateWithNaga(code)).toThrow(/not permitted/);
  });
});
