// Makes the shaders of a published build small: without comments and blanks, and with short names for what only WGSL
// sees. A module is a concatenation of files, so a name that two of them share becomes the same in both.

const blanks = /\s+|\/\/.*|\/\*[\s\S]*?\*\//;
const names = /[A-Za-z_]\w*/;
const numbers = /\d[\w.]*|\.\d\w*/;
const operators = /&&|\|\||\+\+|--|->|<<|>>|[-+*/%&|^<>=!]=/;
const token = new RegExp(
  `(${blanks.source})|(${names.source})|${numbers.source}|${operators.source}|[^]`,
  "g",
);

/** A shader's text as it stands among the host's sources. */
const hook = /(\/\* wgsl \*\/\s*`)([^`$]*)(?=`)/g;

interface Token {
  readonly text: string;
  /** Members have names of their own: they stand behind a dot, or before their type in a struct. */
  readonly kind: "name" | "member" | "other";
}

/** Everything but blanks and comments. */
function tokensOf(code: string): Token[] {
  const words = [...code.matchAll(token)].filter(([, blank]) => blank === undefined);
  let depth = 0;
  let inStruct = false;
  return words.map(([text, , name], at): Token => {
    if (text === "{") depth += 1;
    if (text === "}") depth -= 1;
    if (depth === 0) inStruct = text === "struct" || (inStruct && text !== "}");
    const before = words[at - 1]?.[0];
    if (name === undefined) return { text, kind: "other" };
    const isMember = before === "." || (inStruct && depth === 1 && words[at + 1]?.[0] === ":");
    if (!isMember) return { text, kind: "name" };
    // The struct of the params is the host's.
    return { text, kind: words[at - 2]?.[0] === "params" ? "other" : "member" };
  });
}

/** Joined again, with a blank only where two tokens would be read as another one. */
function joined(texts: readonly string[]): string {
  let code = "";
  for (const text of texts) {
    const last = code.at(-1) ?? "";
    const isOneWord = /\w/.test(last) && /^(\w|\.\d)/.test(text);
    code +=
      isOneWord || /^(--|\+\+|&&|\|\||\/\*|\/\/|>=)$/.test(last + text[0]) ? ` ${text}` : text;
  }
  return code;
}

/** The name that a declaration gives: behind `let`, `fn` or `var<storage, read>`. */
function nameBehind(tokens: readonly Token[], at: number): string {
  let next = at + 1;
  if (tokens[next]?.text === "<") while (tokens[next - 1]?.text !== ">") next += 1;
  return tokens[next]?.text ?? "";
}

/** What other files may see: functions, types, constants and variables; buffers, which the host binds; members of structs. */
interface Declared {
  readonly names: Set<string>;
  readonly buffers: Set<string>;
  readonly members: Set<string>;
}

function declaredBy(files: readonly (readonly Token[])[]): Declared {
  const found: Declared = { names: new Set(), buffers: new Set(), members: new Set() };
  for (const tokens of files) {
    let depth = 0;
    for (const [at, { text, kind }] of tokens.entries()) {
      if (text === "{") depth += 1;
      if (text === "}") depth -= 1;
      if (depth === 0 && /^(fn|struct|alias|const|var)$/.test(text)) {
        const isBuffer = text === "var" && tokens[at + 2]?.text === "storage";
        found[isBuffer ? "buffers" : "names"].add(nameBehind(tokens, at));
      } else if (kind === "member" && tokens[at - 1]?.text !== ".") found.members.add(text);
    }
  }
  return found;
}

/** Where the body of a function begins, and the token behind it. */
function bodyOf(tokens: readonly Token[], fn: number): { begin: number; end: number } {
  let begin = fn;
  while (tokens[begin]?.text !== "{") begin += 1;
  let end = begin;
  let depth = 0;
  do {
    if (tokens[end]?.text === "{") depth += 1;
    if (tokens[end]?.text === "}") depth -= 1;
    end += 1;
  } while (depth > 0);
  return { begin, end };
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** a, b … Z, a0, b0 … */
const localName = (at: number): string => {
  const round = Math.floor(at / letters.length);
  return `${letters[at % letters.length]}${round === 0 ? "" : round - 1}`;
};

/** aA, bA … zZ, aA0 …: no word of WGSL looks like that. */
const sharedName = (at: number): string => {
  const round = Math.floor(at / 676);
  const capital = letters[26 + (Math.floor(at / 26) % 26)];
  return `${letters[at % 26]}${capital}${round === 0 ? "" : round - 1}`;
};

/** Parameters and variables get the same few letters in every function. */
function withShortLocals(tokens: readonly Token[], { names }: Declared): Token[] {
  const renamed = [...tokens];
  for (let fn = 0; fn < tokens.length; fn++) {
    if (tokens[fn]?.text !== "fn") continue;
    const { begin, end } = bodyOf(tokens, fn);
    const used = tokens.slice(fn, end).filter(({ kind }) => kind === "name");
    const inside = new Set(used.map(({ text }) => text));
    const locals = new Map<string, string>();
    let count = 0;
    for (let at = fn + 2; at < end; at++) {
      const { text, kind } = tokens[at] as Token;
      const isParameter = at < begin && kind === "name" && tokens[at + 1]?.text === ":";
      const isVariable = at > begin && /^(let|var|const)$/.test(text);
      const name = isParameter ? text : isVariable ? nameBehind(tokens, at) : undefined;
      if (name === undefined || locals.has(name)) continue;
      let short = localName(count++);
      // It must not cover what the function, or a file beside it, means by that name.
      while (names.has(short) || (inside.has(short) && short !== name)) {
        short = localName(count++);
      }
      locals.set(name, short);
    }
    for (let at = fn + 2; at < end; at++) {
      const { text, kind } = tokens[at] as Token;
      const short = locals.get(text);
      const isAttribute = tokens[at - 1]?.text === "@" || tokens[at - 2]?.text === "builtin";
      if (short && kind === "name" && !isAttribute) renamed[at] = { text: short, kind: "other" };
    }
    fn = end - 1;
  }
  return renamed;
}

/** Names of the host's, which shaders must keep. */
interface Host {
  /** It sets constants by name, in any source. */
  sets(name: string): boolean;
  /** All else it names only where a source writes WGSL itself. */
  writes(name: string): boolean;
  /** Members stand there beside a dot. */
  reads(member: string): boolean;
}

function hostOf(sources: readonly string[]): Host {
  const bare = sources.map((source) =>
    source.replace(/^\s*(\/\/|\/\*\*|\*).*/gm, "").replace(hook, ""),
  );
  const found = (codes: readonly string[], name: RegExp): ReadonlySet<string> =>
    new Set(codes.flatMap((code) => code.match(name) ?? []));
  const writers = bare.filter((code) => /\b(fn|struct) [\w$]|@group/.test(code));
  const all = found(bare, /[A-Za-z_]\w*/g);
  const written = found(writers, /[A-Za-z_]\w*/g);
  const dotted = found(writers, /(?<=\.)[A-Za-z_]\w*|[A-Za-z_]\w*(?=\.)/g);
  return {
    sets: (name) => all.has(name),
    writes: (name) => written.has(name),
    reads: (member) => dotted.has(member),
  };
}

const constant = /\bconst ([A-Z]\w*)(?:: \w+)? = ([^;]+);/g;

/** Whole numbers by name, but what the host sets or files disagree on: a few digits are shorter than a declaration. */
function wholeNumbers(files: readonly string[], host: Host): ReadonlyMap<string, string> {
  const found = new Map<string, Set<string>>();
  for (const [, name, value] of files.flatMap((code) => [...code.matchAll(constant)])) {
    found.set(name as string, (found.get(name as string) ?? new Set()).add(value as string));
  }
  const one = [...found].map(([name, values]) => [name, [...values].join()] as const);
  return new Map(
    one.filter(([name, value]) => /^(\d+|0x[\da-f]+)u$/.test(value) && !host.sets(name)),
  );
}

/** Vectors are read by these, too. */
const isSwizzle = (name: string): boolean => /^([xyzw]{1,4}|[rgba]{1,4})$/.test(name);

/** 2.0 is 2. and 0.5 is .5 */
const shortNumber = (text: string): string =>
  /^\d+\.\d+$/.test(text) ? text.replace(/^0(?=\.\d*[1-9])/, "").replace(/\.0+$/, ".") : text;

export interface WgslMinifier {
  shader(code: string): string;
  /** The host's source with the shaders in it made small. */
  hooks(source: string): string;
}

/** A short name for each that may have one, the shortest for those used most. */
function shortNames(
  uses: readonly string[],
  isOurs: (name: string) => boolean,
  nameAt: (at: number) => string,
): ReadonlyMap<string, string> {
  const counts = new Map<string, number>();
  for (const name of uses) counts.set(name, (counts.get(name) ?? 0) + 1);
  const short = new Map<string, string>();
  let count = 0;
  for (const [name] of [...counts].sort(([, a], [, b]) => b - a)) {
    if (!isOurs(name)) continue;
    let next = nameAt(count++);
    while (counts.has(next)) next = nameAt(count++);
    short.set(name, next);
  }
  return short;
}

/** Makes shaders small that are used together: all files, and all sources of the host with the hooks in them. */
export function wgslMinifier(files: readonly string[], sources: readonly string[]): WgslMinifier {
  const hooks = sources.flatMap((source) =>
    [...source.matchAll(hook)].map(([, , code]) => code as string),
  );
  const host = hostOf(sources);
  const all = [...files, ...hooks];
  const constants = wholeNumbers(all, host);
  const read = (code: string): Token[] =>
    tokensOf(
      code
        .replace(constant, (line, name) => (constants.has(name) ? "" : line))
        .replace(new RegExp(names, "g"), (name) => constants.get(name) ?? name),
    );
  const texts = all.map(read);
  const declared = declaredBy(texts);
  const used = (kind: Token["kind"]): string[] =>
    texts.flatMap((tokens) => tokens.filter((one) => one.kind === kind).map(({ text }) => text));
  const isOurs = (name: string): boolean =>
    declared.names.has(name) &&
    !(
      name === "main" ||
      declared.buffers.has(name) ||
      host.writes(name) ||
      (/^[A-Z][A-Z\d_]*$/.test(name) && host.sets(name))
    );
  const isOurMember = (name: string): boolean =>
    declared.members.has(name) && !isSwizzle(name) && !host.reads(name);
  const short = {
    name: shortNames(used("name"), isOurs, sharedName),
    member: shortNames(used("member"), isOurMember, localName),
    other: new Map<string, string>(),
  };
  const shader = (code: string): string => {
    const tokens = withShortLocals(read(code), declared);
    return joined(tokens.map(({ text, kind }) => short[kind].get(text) ?? shortNumber(text)));
  };
  const inSource = (source: string): string =>
    source.replace(hook, (_, start: string, code: string) => start + shader(code));
  return { shader, hooks: inSource };
}
