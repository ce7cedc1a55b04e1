import { fill, h } from "../parts/dom.js";
import { percent } from "../parts/format.js";

export interface Share {
  readonly name: string;
  readonly tone: number;
  readonly value: number;
}

/** One bar cut into shares, with a legend that names them. */
export class Shares {
  readonly element = h("div", { class: "shares" });

  draw(label: string, shares: readonly Share[]): void {
    const total = shares.reduce((sum, { value }) => sum + value, 0) || 1;
    const text = shares.map(({ name, value }) => `${name} ${percent(value / total)}`).join(", ");
    fill(
      this.element,
      h(
        "div",
        { class: "shares-bar", role: "img", "aria-label": `${label}: ${text}` },
        shares.map(({ tone, value }) =>
          h("span", {
            class: `block tone-${tone}`,
            style: `flex-grow:${Math.max(value / total, 0)}`,
          }),
        ),
      ),
      h(
        "div",
        { class: "legend" },
        shares.map(({ name, tone, value }) =>
          h(
            "span",
            { class: "key" },
            h("i", { class: `swatch block tone-${tone}` }),
            name,
            h("b", {}, percent(value / total)),
          ),
        ),
      ),
    );
  }
}
