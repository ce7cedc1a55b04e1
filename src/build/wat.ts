// Assembles the library's WebAssembly from its text: folded instructions, named locals and labels, one memory. What it
// does not know it refuses, so that a text that comes through means what the standard says.

type Node = string | readonly Node[];

const VECTOR = 0xfd;
const typeCodes: Readonly<Record<string, number>> = { i32: 0x7f, f64: 0x7c, v128: 0x7b };

/** Instructions that only pop operands and push a result. */
const plain: Readonly<Record<string, readonly number[]>> = {
  "i32.add": [0x6a],
  "i32.sub": [0x6b],
  "i32.lt_u": [0x49],
  "f64.add": [0xa0],
  "f64.convert_i32_s": [0xb7],
  "f64x2.splat": [VECTOR, 0x14],
  "f64x2.eq": [VECTOR, 0x47],
  "f64x2.lt": [VECTOR, 0x49],
  "v128.and": [VECTOR, 0x4e],
  "v128.andnot": [VECTOR, 0x4f],
  "i64x2.shl": [VECTOR, 0xcb, 0x01],
  "i64x2.add": [VECTOR, 0xce, 0x01],
  "i64x2.sub": [VECTOR, 0xd1, 0x01],
  "f64x2.add": [VECTOR, 0xf0, 0x01],
  "f64x2.sub": [VECTOR, 0xf1, 0x01],
  "f64x2.mul": [VECTOR, 0xf2, 0x01],
  "f64x2.pmax": [VECTOR, 0xf7, 0x01],
  "f32x4.demote_f64x2_zero": [VECTOR, 0x5e],
  "f64x2.promote_low_f32x4": [VECTOR, 0x5f],
};
/** Instructions that name a lane. */
const laned: Readonly<Record<string, readonly number[]>> = {
  "i32x4.extract_lane": [VECTOR, 0x1b],
  "f64x2.extract_lane": [VECTOR, 0x21],
};
/** Instructions that reach into memory: their code, and the power of two that they are aligned to. */
const reaching: Readonly<Record<string, readonly [code: readonly number[], align: number]>> = {
  "f64.store": [[0x39], 3],
  "v128.load": [[VECTOR, 0x00], 4],
  "v128.load64_splat": [[VECTOR, 0x0a], 3],
  "v128.store": [[VECTOR, 0x0b], 4],
  "v128.load64_lane": [[VECTOR, 0x57], 3],
  "v128.store64_lane": [[VECTOR, 0x5b], 3],
  "v128.load64_zero": [[VECTOR, 0x5d], 3],
};

function parse(text: string): Node {
  const stack: Node[][] = [[]];
  for (const [token] of text.replace(/;;.*/g, "").matchAll(/[()]|"[^"]*"|[^\s()]+/g)) {
    if (token === "(") stack.push([]);
    else {
      const done = token === ")" ? (stack.pop() as Node[]) : token;
      const outer = stack.at(-1);
      if (!outer) throw new Error("wat: a parenthesis too many");
      outer.push(done);
    }
  }
  const [[module] = []] = stack;
  if (stack.length !== 1 || module === undefined) throw new Error("wat: a parenthesis is missing");
  return module;
}

const isList = (node: Node | undefined): node is readonly Node[] => Array.isArray(node);
const listsOf = (nodes: readonly Node[], head: string): (readonly Node[])[] =>
  nodes.filter(isList).filter((node) => node[0] === head);

/** A number of any size, seven bits a byte; signed ones end where the sign is clear. */
function leb(value: number, signed = false): number[] {
  const byte = value & 0x7f;
  const rest = signed ? value >> 7 : value >>> 7;
  const isLast = signed ? rest === (byte & 0x40 ? -1 : 0) : rest === 0;
  return isLast ? [byte] : [byte | 0x80, ...leb(rest, signed)];
}
const counted = (items: readonly (readonly number[])[]): number[] => [
  ...leb(items.length),
  ...items.flat(),
];
const sized = (bytes: readonly number[]): number[] => [...leb(bytes.length), ...bytes];
const named = (name: Node): number[] =>
  sized([...new TextEncoder().encode(String(name).replaceAll('"', ""))]);

/** The two halves of a v128, by the lanes' type. */
function vector(type: string, lanes: readonly string[]): number[] {
  const bytes = new DataView(new ArrayBuffer(16));
  for (const [at, lane] of lanes.entries()) {
    const value = Number(lane.replace("inf", "Infinity"));
    if (Number.isNaN(value)) throw new Error(`wat: ${lane} is no number`);
    if (type === "f64x2") bytes.setFloat64(8 * at, value, true);
    else if (type === "i64x2") bytes.setBigInt64(8 * at, BigInt(value), true);
    else throw new Error(`wat: no constants of ${type}`);
  }
  return [...new Uint8Array(bytes.buffer)];
}

/** Bytes of an instruction behind those of its operands. */
function assemble(node: Node, locals: readonly string[], labels: readonly string[]): number[] {
  if (!isList(node)) throw new Error(`wat: ${String(node)} stands where an instruction belongs`);
  const name = String(node[0]);
  const words = node.slice(1).filter((part): part is string => typeof part === "string");
  // A label is seen from inside of its own loop, the innermost first.
  const scope = name === "loop" ? [words[0] as string, ...labels] : labels;
  const operands = node.filter(isList).flatMap((part) => assemble(part, locals, scope));
  const known = (list: readonly string[]): number => {
    const at = list.indexOf(words[0] as string);
    if (at < 0) throw new Error(`wat: ${name} of an unknown ${words[0]}`);
    return at;
  };
  const offset = Number(words.find((word) => word.startsWith("offset="))?.slice(7) ?? 0);
  const lane = (): number[] => leb(Number(words.filter((word) => /^\d+$/.test(word))[0]));
  if (plain[name]) return [...operands, ...plain[name]];
  if (laned[name]) return [...operands, ...laned[name], ...lane()];
  if (reaching[name]) {
    const [code, align] = reaching[name];
    const tail = name.endsWith("_lane") ? lane() : [];
    return [...operands, ...code, ...leb(align), ...leb(offset), ...tail];
  }
  switch (name) {
    case "local.get":
      return [0x20, ...leb(known(locals))];
    case "local.set":
      return [...operands, 0x21, ...leb(known(locals))];
    case "local.tee":
      return [...operands, 0x22, ...leb(known(locals))];
    case "i32.const":
      return [0x41, ...leb(Number(words[0]), true)];
    case "v128.const":
      return [VECTOR, 0x0c, ...vector(words[0] as string, words.slice(1))];
    case "loop":
      return [0x03, 0x40, ...operands, 0x0b];
    case "br_if":
      return [...operands, 0x0d, ...leb(known(labels))];
    default:
      throw new Error(`wat: ${name} is not known here`);
  }
}

/** The bytes of a module. */
export function assembleWat(text: string): Uint8Array {
  const module = parse(text);
  if (!isList(module) || module[0] !== "module") throw new Error("wat: a module is wanted");
  const memory = listsOf(module, "memory")[0] ?? [];
  const functions = listsOf(module, "func").map((node) => {
    const parameters = listsOf(node, "param");
    const locals = listsOf(node, "local");
    const typeOf = ([, , type]: readonly Node[]): number => typeCodes[type as string] as number;
    const names = [...parameters, ...locals].map(([, name]) => name as string);
    const body = node
      .filter(isList)
      .filter(([head]) => !["export", "param", "local"].includes(head as string))
      .flatMap((instruction) => assemble(instruction, names, []));
    return {
      name: named(listsOf(node, "export")[0]?.[1] ?? ""),
      type: [0x60, ...counted(parameters.map((parameter) => [typeOf(parameter)])), 0],
      code: sized([...counted(locals.map((local) => [1, typeOf(local)])), ...body, 0x0b]),
    };
  });
  const exports = [
    [...named(listsOf(memory, "export")[0]?.[1] ?? ""), 2, 0],
    ...functions.map(({ name }, at) => [...name, 0, at]),
  ];
  const section = (id: number, items: readonly (readonly number[])[]): number[] => [
    id,
    ...sized(counted(items)),
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      functions.map(({ type }) => type),
    ),
    ...section(
      3,
      functions.map((_, at) => [at]),
    ),
    ...section(5, [[0, ...leb(Number(memory.at(-1)))]]),
    ...section(7, exports),
    ...section(
      10,
      functions.map(({ code }) => code),
    ),
  ]);
}
