import { describe, expect, test } from "vitest";
import { bindingsOf, packParams, paramBytes } from "../../src/module.js";
import { validateWithNaga } from "../naga.js";
import { bindingsSeen, readable, reflect, workgroupBytes } from "../reflection.js";
import { crossEntropyModules } from "../variants.js";

// What a device with WebGPU's default limits is sure to have.
const STORAGE_BUFFERS = 8;
const INVOCATIONS = 256;
const WORKGROUP_BYTES = 16_384;

const modules = crossEntropyModules();
/** Tensors of the caller's, by the name of the binding that they have in some kernel. */
const given = [
  "logits",
  "targets",
  "labels",
  "mask",
  "sampleWeight",
  "upstream",
  "classWeights",
  "temperature",
  "denominator",
];

describe("the modules of cross-entropy", () => {
  test("are many, and every kind of kernel is among them", () => {
    const labels = new Set(modules.map(({ kernel }) => kernel.label));
    expect(modules.length).toBeGreaterThan(100);
    expect([...labels].sort()).toEqual([
      "cross-entropy: edges",
      "cross-entropy: gradient",
      "cross-entropy: inPlace",
      "cross-entropy: losses",
      "cross-entropy: parts",
      "cross-entropy: targets",
      "prepare",
      "reduce",
      "settle",
    ]);
  });

  describe.each(modules)("$name", ({ text, kernel, pass }) => {
    const reflection = reflect(text);
    const entry = reflection.entry.compute[0];

    test("lays its params out as they are packed, and binds what the host scans", () => {
      expect(reflection.entry.compute.map(({ name }) => name)).toEqual(["main"]);
      const struct = reflection.structs.find(({ name }) => name === "Params");
      const members = struct?.members ?? [];
      const names = members.map(({ name }) => name);
      expect(names).toEqual(Object.keys(kernel.params).map(readable));
      expect(struct?.size).toBe(paramBytes(kernel));

      const values = Object.fromEntries(
        Object.keys(kernel.params).map((name, at) => [name, at + 3]),
      );
      const view = new DataView(new ArrayBuffer(paramBytes(kernel)));
      packParams(kernel, values, view, 0);
      const read = members.map(({ offset, type }) =>
        type.name === "f32" ? view.getFloat32(offset, true) : view.getUint32(offset, true),
      );
      expect(read).toEqual(Object.values(values));

      const scanned = bindingsOf(text).sort((a, b) => a.index - b.index);
      expect(bindingsSeen(reflection)).toEqual(scanned);
    });

    test("gets every param and every binding that it declares, and no other", () => {
      const bindings = bindingsOf(text).map(({ name }) => name);
      expect(bindings).toEqual(expect.arrayContaining(Object.keys(pass.bindings)));
      const params = Object.keys(kernel.params);
      expect(params).toEqual(expect.arrayContaining(Object.keys(pass.params)));
      const own = (name: string): boolean =>
        name === "gridWidth" || bindings.includes(name.replace(/Start$/, ""));
      const unfilled = params.filter((name) => !(name in pass.params) && !own(name));
      // Declared for all variants, and read only in those that bind the tensor.
      const optional = [
        "classWeightsStart",
        "targetsStart",
        "targetsGradientStart",
        "gradientStart",
      ];
      expect(unfilled.filter((name) => !optional.includes(name))).toEqual([]);
    });

    test("begins to read each tensor of the caller's where it lies in its buffer", () => {
      const used = Object.keys(pass.bindings).filter((name) => given.includes(name));
      for (const name of used) {
        expect(Object.keys(kernel.params), name).toContain(`${name}Start`);
        expect(kernel.parts.join("\n"), name).toContain(`params.${name}Start`);
      }
    });

    test("keeps to the limits of every device", () => {
      const [x, y, z] = (entry?.workgroupSize ?? []).map(Number);
      expect((x ?? 0) * (y ?? 0) * (z ?? 0)).toBeLessThanOrEqual(INVOCATIONS);
      expect((x ?? 0) * (y ?? 0) * (z ?? 0)).toBeGreaterThan(0);
      const storage = bindingsOf(text).filter(({ access }) => access !== "uniform");
      expect(storage.length).toBeLessThanOrEqual(STORAGE_BUFFERS);
      expect(workgroupBytes(text, reflection, kernel.constants)).toBeLessThanOrEqual(
        WORKGROUP_BYTES,
      );
    });

    test("binds no buffer twice where it writes", () => {
      const written = bindingsOf(text).filter(({ access }) => access === "storage, read_write");
      const buffers = Object.values(pass.bindings).map(({ buffer }) => buffer);
      for (const { name } of written) {
        const buffer = pass.bindings[name]?.buffer;
        expect(
          buffers.filter((other) => other === buffer && buffer !== undefined).length,
        ).toBeLessThan(2);
      }
    });

    test("is accepted by naga", () => validateWithNaga(text));
  });
});
