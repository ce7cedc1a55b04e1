import { fill, h, s } from "../parts/dom.js";
import { milliseconds } from "../parts/format.js";
import { Canvas2, drawing } from "./frame.js";

export interface TimeRow {
  readonly name: string;
  readonly ours: boolean;
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

const ROW = 44;

/** Times as bars on a logarithmic scale, each with its spread from the tenth to the ninetieth percentile. */
export class Times {
  readonly element: HTMLElement;
  readonly #stage: Canvas2;
  #rows: readonly TimeRow[] = [];
  constructor() {
    this.#stage = new Canvas2("plot times", (width) => this.#render(width));
    this.element = h("div", { class: "chart" }, this.#stage.element);
  }

  draw(rows: readonly TimeRow[]): void {
    this.#rows = rows;
    this.#stage.redraw();
  }

  #render(width: number): void {
    const rows = this.#rows;
    if (rows.length === 0) return;
    const height = rows.length * ROW + 46;
    const low = 10 ** Math.floor(Math.log10(Math.min(...rows.map((row) => row.low))) - 0.01);
    const high = 10 ** Math.ceil(Math.log10(Math.max(...rows.map((row) => row.high))) + 0.01);
    const right = width - 84;
    const x = (ms: number) => 4 + ((right - 4) * Math.log(ms / low)) / Math.log(high / low);
    const decades = Array.from(
      { length: Math.round(Math.log10(high / low)) + 1 },
      (_, i) => low * 10 ** i,
    );
    const spoken = rows.map((row) => `${row.name} ${milliseconds(row.middle)}`).join(", ");
    fill(
      this.#stage.element,
      drawing(
        width,
        height,
        `Median time of each contender: ${spoken}`,
        {},
        decades.map((ms) => [
          s("line", { x1: x(ms), x2: x(ms), y1: 4, y2: height - 40, class: "grid" }),
          s(
            "text",
            { x: Math.max(x(ms), 20), y: height - 24, "text-anchor": "middle" },
            ms >= 1000 ? `${ms / 1000} s` : `${Number(ms.toPrecision(1))} ms`,
          ),
        ]),
        s(
          "text",
          { x: 4, y: height - 6, class: "axis-name" },
          "time of one run, logarithmic; less is better",
        ),
        rows.map((row, i) => {
          const y = i * ROW + 22;
          const tone = row.ours ? "tone-1" : "tone-2";
          return [
            s("text", { x: 4, y: y - 6, class: "axis-name" }, row.name),
            s("rect", {
              x: 4,
              y,
              width: Math.max(x(row.middle) - 4, 1),
              height: 14,
              class: `bar ${tone}`,
            }),
            s("path", {
              d: `M${x(row.low)} ${y + 7}H${x(row.high)}M${x(row.low)} ${y + 3}V${y + 11}M${x(row.high)} ${y + 3}V${y + 11}`,
              class: "whisker",
            }),
            s(
              "text",
              { x: Math.max(x(row.high), x(row.middle)) + 7, y: y + 11, class: "axis-name" },
              milliseconds(row.middle),
            ),
          ];
        }),
      ),
    );
  }
}
