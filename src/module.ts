import type { Kernel } from "./plan.js";

/** A binding as one canonical line of WGSL declares it. */
export interface BindingLine {
  readonly index: number;
  readonly access: "uniform" | "storage, read" | "storage, read_write";
  readonly name: string;
}

/** Blanks are gone from the shaders of a published build. */
const canonical = /@binding\((\d+)\)\s*var<(uniform|storage),?\s*(read_write|read)?>\s*(\w+):/g;

/** The bindings of a module, read from its text: the one place that declares them. */
export function bindingsOf(text: string): BindingLine[] {
  return [...text.matchAll(canonical)].map(([, index, space, mode, name]) => ({
    index: Number(index),
    access: (mode ? `${space}, ${mode}` : space) as BindingLine["access"],
    name: name as string,
  }));
}

function constant(name: string, value: number | boolean): string {
  if (typeof value === "boolean") return `const ${name} = ${value};`;
  return `const ${name} = ${value}u;`;
}

/** The module that the browser compiles: constants, the uniform struct, then the parts as they are. */
export function assemble(kernel: Kernel): string {
  const constants = Object.entries(kernel.constants).map(([name, value]) => constant(name, value));
  const members = Object.entries(kernel.params).map(([name, type]) => `  ${name}: ${type},`);
  return [
    `// ${kernel.label}`,
    // A directive, which nothing but comments may precede.
    ...(kernel.constants["SUBGROUPS"] === true ? ["enable subgroups;"] : []),
    ...constants,
    "struct Params {",
    ...members,
    "}",
    "@group(0) @binding(0) var<uniform> params: Params;",
    ...kernel.parts,
  ].join("\n");
}

/** Bytes of the uniform struct: every member is a 4-byte scalar, so its offset is four times its index. */
export const paramBytes = (kernel: Kernel): number =>
  Math.max(Object.keys(kernel.params).length, 1) * 4;

/** Writes the params into `view` from byte `at`, each as its declared type. */
export function packParams(
  kernel: Kernel,
  values: Readonly<Record<string, number>>,
  view: DataView,
  at: number,
): void {
  let offset = at;
  for (const [name, type] of Object.entries(kernel.params)) {
    const value = values[name] ?? 0;
    if (type === "f32") view.setFloat32(offset, value, true);
    else if (type === "i32") view.setInt32(offset, value, true);
    else view.setUint32(offset, value, true);
    offset += 4;
  }
}
