import { type Child, h } from "./dom.js";

/** A table that scrolls by itself where it is too wide; a heading that begins with ">" stands above numbers. */
export function table(
  label: string,
  heads: readonly string[],
  body: Child,
  kind?: string,
): HTMLElement {
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
    h(
      "table",
      { class: kind },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map((text) =>
            h("th", { scope: "col", class: text[0] === ">" && "number" }, text.replace(">", "")),
          ),
        ),
      ),
      body,
    ),
  );
}
