import { WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";

/** The reflector takes the name `block` for an attribute of early WGSL: elsewhere it is a name like any other. */
export const readable = (text: string): string => text.replace(/\bblock\b/g, "block_");

export const reflect = (text: string): WgslReflect => new WgslReflect(readable(text));

/** A binding as the reflector sees it, in the words of the canonical line. */
export function bindingsSeen(
  reflection: WgslReflect,
): { index: number; access: string; name: string }[] {
  const group = reflection.getBindGroups()[0] ?? [];
  return group.filter(Boolean).map(({ binding, name, resourceType, access }) => ({
    index: binding,
    // The reflector's enumeration: 0 is a uniform buffer, 1 a storage buffer.
    access: resourceType === 0 ? "uniform" : `storage, ${access}`,
    name,
  }));
}

const scalars: Readonly<Record<string, number>> = { f32: 4, u32: 4, i32: 4 };

/** Bytes of the module's workgroup memory: arrays of scalars or structs, sized by a product of constants. */
export function workgroupBytes(
  text: string,
  reflection: WgslReflect,
  constants: Readonly<Record<string, number | boolean>>,
): number {
  const derived = new Map(
    [...text.matchAll(/const (\w+)(?:: u32)? = ([\w* ]+);/g)].map(([, name, value]) => [
      name as string,
      value as string,
    ]),
  );
  const evaluate = (expression: string): number =>
    expression.split("*").reduce((product, word) => {
      const name = word.trim();
      const number = Number.parseInt(name, 10);
      if (!Number.isNaN(number)) return product * number;
      const known = constants[name];
      if (known !== undefined) return product * Number(known);
      const value = derived.get(name);
      if (value === undefined) throw new Error(`workgroup array: what is ${name}?`);
      return product * evaluate(value);
    }, 1);
  let bytes = 0;
  const declared = [...text.matchAll(/var<workgroup> \w+: array<(\w+), ([\w* ]+)>;/g)];
  const all = text.match(/var<workgroup>/g)?.length ?? 0;
  if (declared.length !== all)
    throw new Error("a workgroup variable is no array in canonical form");
  for (const [, given, count] of declared) {
    const type = text.match(new RegExp(`alias ${given} = (\\w+);`))?.[1] ?? given;
    const struct = reflection.structs.find(({ name }) => name === type);
    const size = scalars[type as string] ?? struct?.size;
    if (size === undefined) throw new Error(`workgroup array: how large is ${type}?`);
    bytes += size * evaluate(count as string);
  }
  return bytes;
}
