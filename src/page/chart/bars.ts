import { clamp } from "../parts/clamp.js";
import { fill, h, s } from "../parts/dom.js";
import { num } from "../parts/format.js";
import { Canvas2, drawing } from "./frame.js";
import { linear, niceDomain, ticks, tickTexts } from "./scale.js";

export interface BarSeries {
  readonly name: string;
  readonly tone: number;
  readonly values: ArrayLike<number>;
}
export interface BarsState {
  readonly label: string;
  /** One group per name; each series has a bar in every group. */
  readonly names: readonly string[];
  readonly series: readonly BarSeries[];
  readonly yLabel: string;
  readonly yMin?: number;
  readonly yMax?: number;
  readonly digits?: number;
}

/** Names under their groups: broken into lines where they are too wide, and every second one lower where that is not enough. */
function namesUnder(names: readonly string[], pitch: number): { lines: string[][]; drop: number } {
  const fits = (text: string) => text.length * 6.6 < pitch - 4;
  const lines = names.map((name) =>
    fits(name) ? [name] : name.split(fits(name.split(", ")[0] ?? "") ? ", " : " "),
  );
  return { lines, drop: lines.flat().every(fits) ? 0 : 16 };
}

/** Upright bars in groups, each with its number. */
export class Bars {
  readonly element: HTMLElement;
  readonly #legend = h("div", { class: "legend" });
  readonly #stage: Canvas2;
  #state: BarsState | undefined;
  readonly #ratio: number;
  constructor(ratio = 0.62) {
    this.#ratio = ratio;
    this.#stage = new Canvas2("plot", (width) => this.#render(width));
    this.element = h("div", { class: "chart" }, this.#stage.element, this.#legend);
  }

  draw(state: BarsState): void {
    this.#state = state;
    this.#stage.redraw();
    fill(
      this.#legend,
      state.series.map(({ name, tone }) =>
        h("span", { class: "key" }, h("i", { class: `swatch block tone-${tone}` }), name),
      ),
    );
  }

  #render(width: number): void {
    const state = this.#state;
    if (!state) return;
    const height = Math.round(clamp(width * this.#ratio, 210, 330));
    const { names, series } = state;
    const domain = niceDomain([[0], ...series.map(({ values }) => values)], {
      min: state.yMin,
      max: state.yMax,
    });
    const marks = ticks(domain, (height - 76) / 44);
    const texts = tickTexts(marks);
    const left = Math.max(...texts.map((text) => text.length), 2) * 6.4 + 14;
    const right = width - 8;
    const top = 38;
    const pitch = (right - left) / Math.max(names.length, 1);
    const under = namesUnder(names, pitch);
    const bottom =
      height - 26 - 16 * Math.max(...under.lines.map((lines) => lines.length)) - under.drop;
    const y = linear(domain, [bottom, top]);
    const zero = y.at(clamp(0, domain[0], domain[1]));
    const bar = Math.min((pitch * 0.78) / series.length, 54);
    const shown = (value: number) => num(value, state.digits ?? 2);
    // All numbers or none: a few of them would look like a choice.
    const numbered = series.every(({ values }) =>
      Array.from(values).every((value) => shown(value).length * 6.2 <= bar + 2),
    );
    const description = names
      .map(
        (name, i) =>
          `${name}: ${series.map((one) => `${one.name} ${num(one.values[i] as number, 3)}`).join(", ")}`,
      )
      .join("; ");
    fill(
      this.#stage.element,
      drawing(
        width,
        height,
        `${state.label}. ${description}`,
        {},
        s(
          "g",
          { class: "axes" },
          marks.map((value, i) => [
            s("line", {
              x1: left,
              x2: right,
              y1: y.at(value),
              y2: y.at(value),
              class: value === 0 ? "zero" : "grid",
            }),
            s("text", { x: left - 8, y: y.at(value) + 4, "text-anchor": "end" }, texts[i]),
          ]),
          under.lines.map((lines, i) =>
            lines.map((text, k) =>
              s(
                "text",
                {
                  x: left + pitch * (i + 0.5),
                  y: bottom + 29 + 16 * k + (i % 2) * under.drop,
                  "text-anchor": "middle",
                },
                text,
              ),
            ),
          ),
          s("text", { x: 0, y: 12, class: "axis-name" }, state.yLabel),
        ),
        names.map((_, i) =>
          series.map(({ values, tone }, k) => {
            const value = values[i] as number;
            const bounded = clamp(value, domain[0], domain[1]);
            const x = left + pitch * (i + 0.5) + bar * (k - series.length / 2);
            const end = y.at(bounded);
            return [
              s("rect", {
                x: x + 1,
                y: Math.min(end, zero),
                width: Math.max(bar - 2, 1),
                height: Math.max(Math.abs(end - zero), 0.5),
                class: `bar tone-${tone}`,
              }),
              numbered
                ? s(
                    "text",
                    {
                      x: x + bar / 2,
                      y: value >= 0 ? end - 5 : end + 13,
                      class: "value",
                      "text-anchor": "middle",
                    },
                    shown(value),
                  )
                : undefined,
            ];
          }),
        ),
      ),
    );
  }
}
