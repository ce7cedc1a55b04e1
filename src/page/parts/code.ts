import { fill, h } from "./dom.js";

const parts =
  /(\/\/.*)|("[^"\n]*"|`[^`]*`|'[^'\n]*')|\b(const|let|await|async|import|from|for|of|new|return|function|if|else|true|false|null|type)\b|\b(\d[\d_.e-]*)\b/g;

/** JavaScript with its comments, strings, words and numbers told apart. */
function coloured(text: string): (Node | string)[] {
  const out: (Node | string)[] = [];
  let at = 0;
  for (const match of text.matchAll(parts)) {
    const kind = match[1] ? "comment" : match[2] ? "string" : match[3] ? "word" : "number";
    out.push(text.slice(at, match.index), h("span", { class: `code-${kind}` }, match[0]));
    at = (match.index ?? 0) + match[0].length;
  }
  out.push(text.slice(at));
  return out;
}

export async function copy(text: string, button: HTMLButtonElement): Promise<void> {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Copying is not allowed here";
  }
  setTimeout(() => {
    button.textContent = before;
  }, 1600);
}

/** A block of code with a button that copies it. */
export class Code {
  readonly element: HTMLElement;
  readonly #code = h("code");
  #text = "";
  constructor(text = "") {
    const button = h("button", { type: "button", class: "copy" }, "Copy");
    button.addEventListener("click", () => void copy(this.#text, button));
    this.element = h(
      "div",
      { class: "code" },
      h("pre", { tabindex: 0, "aria-label": "Code" }, this.#code),
      button,
    );
    this.show(text);
  }

  get text(): string {
    return this.#text;
  }

  show(text: string): void {
    this.#text = text;
    fill(this.#code, coloured(text));
  }
}

/** Code behind a "Show code" line; it is written when it is opened, and kept up to date while open. */
export function codeDetails(): { element: HTMLElement; show(text: string): void } {
  const code = new Code();
  let pending = "";
  const element = h(
    "details",
    {
      class: "show-code",
      ontoggle: () => {
        if (element.open) code.show(pending);
      },
    },
    h("summary", {}, "Show code"),
    code.element,
  );
  return {
    element,
    show: (text) => {
      pending = text;
      if (element.open) code.show(text);
    },
  };
}
