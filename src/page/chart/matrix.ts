import { fill, h, s } from "../parts/dom.js";
import { fixed, num } from "../parts/format.js";
import { Canvas2, drawing } from "./frame.js";
import { diverging, sequential } from "./heat.js";

export interface MatrixState {
  readonly label: string;
  readonly title: string;
  readonly values: ArrayLike<number>;
  readonly rows: number;
  readonly columns: number;
  readonly rowName: string;
  readonly columnName: string;
  readonly low: number;
  readonly high: number;
  readonly diverging: boolean;
}

const css = (rgb: readonly number[]): string => `rgb(${rgb.map(Math.round).join(" ")})`;
const luminance = ([r = 0, g = 0, b = 0]: readonly number[]): number => {
  const linear = (v: number) =>
    v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
};

/** A small matrix as coloured cells, each with its number. */
export class Matrix {
  readonly element: HTMLElement;
  readonly #stage: Canvas2;
  #state: MatrixState | undefined;
  constructor() {
    this.#stage = new Canvas2("plot", (width) => this.#render(width), true);
    this.element = h("div", { class: "chart" }, this.#stage.element);
  }

  draw(state: MatrixState): void {
    this.#state = state;
    this.#stage.redraw();
  }

  #render(width: number): void {
    const state = this.#state;
    if (!state) return;
    const { values, rows, columns, low, high } = state;
    const left = 24;
    const top = 40;
    const cell = Math.min((width - left - 2) / columns, 56);
    const height = top + cell * rows + 24;
    const colours = state.diverging ? diverging() : sequential();
    const cells = Array.from({ length: rows * columns }, (_, k) => {
      const value = values[k] as number;
      const rgb = colours((value - low) / (high - low));
      const x = left + (k % columns) * cell;
      const y = top + Math.floor(k / columns) * cell;
      // Text is black or white, whichever stands out more.
      const ink = luminance(rgb) > 0.18 ? "#000" : "#fff";
      return [
        s("rect", { x, y, width: cell - 1, height: cell - 1, fill: css(rgb) }),
        cell >= 34
          ? s(
              "text",
              {
                x: x + cell / 2,
                y: y + cell / 2 + 4,
                "text-anchor": "middle",
                style: `fill:${ink};font-size:11.5px`,
              },
              fixed(value, 2),
            )
          : undefined,
      ];
    });
    const diagonal = Array.from({ length: Math.min(rows, columns) }, (_, i) =>
      s("rect", {
        x: left + i * cell,
        y: top + i * cell,
        width: cell - 1,
        height: cell - 1,
        class: "ring-cell",
      }),
    );
    const spoken = Array.from({ length: Math.min(rows, columns) }, (_, i) =>
      num(values[i * columns + i] as number, 2),
    );
    fill(
      this.#stage.element,
      drawing(
        width,
        height,
        `${state.label}; diagonal ${spoken.join(", ")}`,
        {},
        s("text", { x: 0, y: 12, class: "axis-name" }, state.title),
        Array.from({ length: columns }, (_, i) =>
          s("text", { x: left + (i + 0.5) * cell, y: top - 8, "text-anchor": "middle" }, i),
        ),
        Array.from({ length: rows }, (_, i) =>
          s("text", { x: left - 8, y: top + (i + 0.5) * cell + 4, "text-anchor": "end" }, i),
        ),
        cells,
        diagonal,
        s(
          "text",
          { x: left, y: height - 6 },
          `rows: ${state.rowName}, columns: ${state.columnName}`,
        ),
      ),
    );
  }
}
