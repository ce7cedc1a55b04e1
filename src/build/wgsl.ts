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
  readonly isName: boolean;
}

/** Everything but blanks and comments. */
function tokensOf(code: string): Token[] {
  const found: Token[] = [];
  for (const [text, blank, name] of code.matchAll(token)) {
    if (blank === undefined) found.push({ text, isName: name !== undefined });
  }
  return found;
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

/** What other files may see: functions, types, constants, buffers, and the members of structs. */
function declaredBy(tokens: readonly Token[]): string[] {
  const found: string[] = [];
  let depth = 0;
  let inStruct = false;
  for (const [at, { text }] of tokens.entries()) {
    if (text === "{") depth += 1;
    if (text === "}") depth -= 1;
    if (depth === 0 && /^(fn|struct|alias|const|var)$/.test(text)) {
      found.push(nameBehind(tokens, at));
      inStruct = text === "struct";
    } else if (inStruct && depth === 1 && tokens[at + 1]?.text === ":") found.push(text);
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
function withShortLocals(tokens: readonly Token[], declared: ReadonlySet<string>): Token[] {
  const renamed = [...tokens];
  for (let fn = 0; fn < tokens.length; fn++) {
    if (tokens[fn]?.text !== "fn") continue;
    const { begin, end } = bodyOf(tokens, fn);
    const inside = new Set(tokens.slice(fn, end).map(({ text }) => text));
    const locals = new Map<string, string>();
    let count = 0;
    for (let at = fn + 2; at < end; at++) {
      const { text, isName } = tokens[at] as Token;
      const isParameter = at < begin && isName && tokens[at + 1]?.text === ":";
      const isVariable = at > begin && /^(let|var|const)$/.test(text);
      const name = isParameter ? text : isVariable ? nameBehind(tokens, at) : undefined;
      if (name === undefined || locals.has(name)) continue;
      let short = localName(count++);
      // It must not cover what the function, or a file beside it, means by that name.
      while (declared.has(short) || (inside.has(short) && short !== name)) {
        short = localName(count++);
      }
      locals.set(name, short);
    }
    for (let at = fn + 2; at < end; at++) {
      const short = locals.get(tokens[at]?.text as string);
      const before = tokens[at - 1]?.text as string;
      const isBuiltin = tokens[at - 2]?.text === "builtin";
      if (short && before !== "." && before !== "@" && !isBuiltin) {
        renamed[at] = { text: short, isName: false };
      }
    }
    fn = end - 1;
  }
  return renamed;
}

/** Names of the host's: it hands them to shaders, or makes shaders of them. */
function hostNames(sources: readonly string[]): (name: string) => boolean {
  const known = new Set<string>();
  const endings = new Set<string>();
  for (const source of sources) {
    const code = source.replace(/^\s*(\/\/|\/\*\*|\*).*/gm, "").replace(hook, "");
    for (const [name] of code.matchAll(new RegExp(names, "g"))) known.add(name);
    // `${name}Start`: the whole name stands nowhere.
    for (const [, ending] of code.matchAll(/\$\{[^}]*\}(\w+)/g)) endings.add(ending as string);
  }
  return (name) => known.has(name) || [...endings].some((ending) => name.endsWith(ending));
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

/** Makes shaders small that are used together: all files, and all sources of the host with the hooks in them. */
export function wgslMinifier(files: readonly string[], sources: readonly string[]): WgslMinifier {
  const hooks = sources.flatMap((source) => [...source.matchAll(hook)].map(([, , code]) => code));
  const texts = [...files, ...(hooks as string[])].map(tokensOf);
  const declared = new Set(texts.flatMap(declaredBy));
  const uses = new Map<string, number>();
  for (const { text } of texts.flat()) uses.set(text, (uses.get(text) ?? 0) + 1);
  const isHosts = hostNames(sources);
  const shared = new Map<string, string>();
  let count = 0;
  for (const [name] of [...uses].sort(([, a], [, b]) => b - a)) {
    if (!declared.has(name) || name === "main" || isSwizzle(name) || isHosts(name)) continue;
    let short = sharedName(count++);
    while (uses.has(short)) short = sharedName(count++);
    shared.set(name, short);
  }
  const shader = (code: string): string => {
    const tokens = withShortLocals(tokensOf(code), declared);
    const texts = tokens.map(({ text, isName }) => (isName && shared.get(text)) || text);
    return joined(texts.map(shortNumber));
  };
  const inSource = (source: string): string =>
    source.replace(hook, (_, start: string, code: string) => start + shader(code));
  return { shader, hooks: inSource };
}
