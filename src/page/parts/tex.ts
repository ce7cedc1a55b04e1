import { fences, functions, identifiers, large, limits, operators, spaces } from "./texSymbols.js";

/** A subset of LaTeX, as the losses' formulas use it, to MathML text. Unknown commands become visible errors. */
export function toMathML(tex: string): string {
  return `<math display="block">${new Parser(tex).row(() => false)}</math>`;
}

const safe = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const mo = (text: string, attributes = ""): string => `<mo${attributes}>${safe(text)}</mo>`;
const mi = (text: string, attributes = ""): string => `<mi${attributes}>${safe(text)}</mi>`;
const space = (em: number): string => `<mspace width="${em}em"/>`;
const RIGID = ' stretchy="false" lspace="0" rspace="0"';
const UPRIGHT = ' mathvariant="normal"';

class Parser {
  readonly #tokens: string[];
  #at = 0;
  /** Not behind `\textstyle`. */
  #display = true;
  constructor(tex: string) {
    this.#tokens = tex.match(/\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?|\s+|[\s\S]/g) ?? [];
  }

  #peek(): string | undefined {
    while (/^\s+$/.test(this.#tokens[this.#at] ?? "")) this.#at += 1;
    return this.#tokens[this.#at];
  }

  #next(): string {
    const token = this.#peek();
    this.#at += 1;
    return token ?? "";
  }

  /** Everything up to a token that `ends` it, which stays unread. */
  row(ends: (token: string) => boolean): string {
    let out = "";
    for (let token = this.#peek(); token !== undefined && !ends(token); token = this.#peek()) {
      out += this.#scripted();
    }
    return out;
  }

  /** One group in braces, or one atom: of the number in `\\tfrac12` only a digit. */
  #argument(): string {
    const token = this.#peek() ?? "";
    if (/^\d\d/.test(token)) {
      this.#tokens.splice(this.#at, 1, ...token);
    }
    if (this.#peek() !== "{") return this.#atom(this.#next());
    this.#next();
    const body = this.row((token) => token === "}");
    this.#next();
    return `<mrow>${body}</mrow>`;
  }

  /** The characters of a group, spaces kept. */
  #raw(): string {
    this.#peek();
    let text = "";
    let depth = 0;
    do {
      const token = this.#tokens[this.#at++] ?? "}";
      if (token === "{") depth += 1;
      else if (token === "}") depth -= 1;
      else text += token;
    } while (depth > 0);
    return text;
  }

  #scripted(): string {
    const token = this.#next();
    const base = this.#atom(token);
    let below = "";
    let above = "";
    for (
      let mark = this.#peek();
      mark === "^" || mark === "_" || mark === "'";
      mark = this.#peek()
    ) {
      this.#next();
      if (mark === "'") above += mo("′");
      else if (mark === "^") above += this.#argument();
      else below += this.#argument();
    }
    const name = token.slice(1);
    const stacked = this.#display && limits.has(name);
    const gap =
      functions.has(name) && !/^[([^_]|\\left$/.test(this.#peek() ?? "") ? space(0.17) : "";
    if (!below && !above) return base + gap;
    const up = above && `<mrow>${above}</mrow>`;
    if (below && up) {
      const tag = stacked ? "munderover" : "msubsup";
      return `<${tag}>${base}${below}${up}</${tag}>${gap}`;
    }
    const tag = below ? (stacked ? "munder" : "msub") : stacked ? "mover" : "msup";
    return `<${tag}>${base}${below || up}</${tag}>${gap}`;
  }

  #atom(token: string): string {
    if (token.startsWith("\\")) return this.#command(token.slice(1));
    if (token === "{") {
      this.#at -= 1;
      return this.#argument();
    }
    if (/^\d/.test(token)) return `<mn>${token}</mn>`;
    if (/^[a-zA-Z]$/.test(token)) return mi(token);
    if (token === "-") return mo("−");
    if (token === "*") return mo("∗");
    if (/^[()[\]|]$/.test(token)) return mo(token, RIGID);
    return mo(token);
  }

  #command(name: string): string {
    if (identifiers[name]) return mi(identifiers[name]);
    if (large[name]) return mo(large[name], this.#display ? "" : ' largeop="false"');
    if (operators[name]) return mo(operators[name]);
    if (functions.has(name)) return mi(name);
    if (fences[name]) return mo(fences[name], RIGID);
    if (spaces[name] !== undefined) return space(spaces[name] as number);
    switch (name) {
      case "frac":
        return `<mfrac>${this.#argument()}${this.#argument()}</mfrac>`;
      case "tfrac":
        return `<mstyle displaystyle="false">${this.#command("frac")}</mstyle>`;
      case "hat":
        return `<mover accent="true">${this.#argument()}${mo("^", RIGID)}</mover>`;
      case "text":
        return `<mtext>${safe(this.#raw().replace(/^ | $/g, "\u00a0"))}</mtext>`;
      case "mathcal":
        return mi(this.#raw().replace("B", "ℬ"), UPRIGHT);
      case "mathrm":
      case "operatorname":
        return mi(this.#raw(), UPRIGHT);
      case "textstyle":
        this.#display = false;
        return "";
      case "left":
        return this.#fenced();
    }
    return `<merror><mtext>\\${safe(name)}</mtext></merror>`;
  }

  #fence(): string {
    const token = this.#next();
    const text = token.startsWith("\\") ? (fences[token.slice(1)] ?? token) : token;
    return text === "." ? "" : mo(text, ' stretchy="true"');
  }

  #fenced(): string {
    const open = this.#fence();
    const body = this.row((token) => token === "\\right");
    this.#next();
    return `<mrow>${open}${body}${this.#fence()}</mrow>`;
  }
}
