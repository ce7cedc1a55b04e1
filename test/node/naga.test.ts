import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { validateWithNaga } from "../naga.js";

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
