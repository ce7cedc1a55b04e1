import { clamp } from "../parts/clamp.js";
import { fill, h, s, uniqueId } from "../parts/dom.js";
import { num } from "../parts/format.js";
import { axes, Canvas2, drawing, type Frame, frameOf } from "./frame.js";
import { niceDomain } from "./scale.js";

export interface Line {
  readonly name: string;
  /** 1 to 6: a colour of the style sheet. */
  readonly tone: number;
  readonly ys: ArrayLike<number>;
  /** The float64 curve, drawn as dashes over it. */
  readonly reference?: ArrayLike<number> | undefined;
}
export interface Mark {
  readonly x: number;
  readonly y: number;
  readonly tone: number;
  readonly label?: string;
}
export interface LinesState {
  /** What the picture shows, for those who do not see it. */
  readonly label: string;
  readonly xs: ArrayLike<number>;
  readonly lines: readonly Line[];
  readonly xLabel: string;
  readonly yLabel: string;
  readonly marks?: readonly Mark[];
  /** Upright hairlines with a name: kinks, optima, where the controls stand. */
  readonly uprights?: readonly { readonly x: number; readonly label: string }[];
  readonly yMin?: number | undefined;
  readonly yMax?: number | undefined;
}

function pathOf(xs: ArrayLike<number>, ys: ArrayLike<number>, { x, y }: Frame): string {
  let path = "";
  let pen = "M";
  for (let i = 0; i < xs.length; i++) {
    const value = ys[i] as number;
    if (Number.isFinite(value)) {
      // Far outside the box SVG renderers lose precision; the clip hides it anyway.
      const pixel = clamp(y.at(value), -1e4, 1e4);
      path += `${pen}${x.at(xs[i] as number).toFixed(2)} ${pixel.toFixed(2)}`;
      pen = "L";
    } else pen = "M";
  }
  return path;
}

/** Curves over one axis, with a cursor that pointer and arrow keys move and a legend that reads the numbers. */
export class Lines {
  readonly element: HTMLElement;
  /** Called with the index under the cursor, so that charts can share one. */
  onCursor: (index: number | undefined) => void = () => {};
  readonly #legend = h("div", { class: "legend" });
  readonly #stage: Canvas2;
  readonly #ratio: number;
  #state: LinesState | undefined;
  #frame: Frame | undefined;
  #svg: SVGSVGElement | undefined;
  #cursor: number | undefined;
  constructor(ratio = 0.62) {
    this.#ratio = ratio;
    this.#stage = new Canvas2("plot", (width) => this.#render(width));
    this.element = h("div", { class: "chart" }, this.#stage.element, this.#legend);
  }

  draw(state: LinesState): void {
    this.#state = state;
    if ((this.#cursor ?? 0) >= state.xs.length) this.#cursor = undefined;
    this.#stage.redraw();
    this.#readout();
  }

  /** Moves the cursor without telling anybody. */
  setCursor(index: number | undefined): void {
    this.#cursor = index;
    this.#drawCursor();
    this.#readout();
  }

  #move(index: number | undefined): void {
    this.setCursor(index);
    this.onCursor(index);
  }

  #render(width: number): void {
    const state = this.#state;
    if (!state) return;
    const height = Math.round(clamp(width * this.#ratio, 210, 330));
    const { xs, lines } = state;
    const xDomain: [number, number] = [xs[0] as number, xs[xs.length - 1] as number];
    const yDomain = niceDomain(
      lines.map(({ ys }) => ys),
      { min: state.yMin, max: state.yMax },
    );
    const frame = frameOf(width, height, xDomain, yDomain);
    this.#frame = frame;
    const { left, right, top, bottom, x, y } = frame;
    const clip = uniqueId("clip");
    // Whole where they lie on the edge; none beyond it.
    const marks = (state.marks ?? []).filter(
      (mark) =>
        mark.x >= xDomain[0] &&
        mark.x <= xDomain[1] &&
        mark.y >= yDomain[0] &&
        mark.y <= yDomain[1],
    );
    const svg = drawing(
      width,
      height,
      `${state.label}. Arrow keys move the reading.`,
      {
        tabindex: 0,
        role: "slider",
        "aria-valuemin": xDomain[0],
        "aria-valuemax": xDomain[1],
        "aria-valuenow": xs[this.#cursor ?? xs.length >> 1],
        onkeydown: (event: KeyboardEvent) => this.#key(event),
        onpointermove: (event: PointerEvent) => this.#point(event),
        onpointerdown: (event: PointerEvent) => this.#point(event),
        onpointerleave: () => this.#move(undefined),
      },
      s(
        "clipPath",
        { id: clip },
        s("rect", { x: left, y: top - 2, width: right - left, height: bottom - top + 4 }),
      ),
      axes(frame, state.xLabel, state.yLabel),
      (state.uprights ?? [])
        .filter((upright) => upright.x >= xDomain[0] && upright.x <= xDomain[1])
        .map(({ x: at, label }) => [
          s("line", { x1: x.at(at), x2: x.at(at), y1: top, y2: bottom, class: "upright" }),
          s(
            "text",
            {
              x: x.at(at) + (x.at(at) > right - 70 ? -5 : 5),
              y: top + 10,
              class: "note",
              "text-anchor": x.at(at) > right - 70 ? "end" : "start",
            },
            label,
          ),
        ]),
      s(
        "g",
        { "clip-path": `url(#${clip})` },
        lines.map(({ ys, tone }) =>
          s("path", { d: pathOf(xs, ys, frame), class: `line tone-${tone}` }),
        ),
        lines.map(({ reference }) =>
          reference
            ? s("path", { d: pathOf(xs, reference, frame), class: "line reference" })
            : undefined,
        ),
      ),
      marks.map((mark) =>
        s("circle", {
          cx: x.at(mark.x),
          cy: y.at(mark.y),
          r: 4.5,
          class: `mark tone-${mark.tone}`,
        }),
      ),
      marks.map((mark) =>
        mark.label
          ? s("text", { x: x.at(mark.x) + 8, y: y.at(mark.y) - 8, class: "note" }, mark.label)
          : undefined,
      ),
      s("g", { class: "cursor" }),
    );
    this.#svg = svg;
    const focused = this.#stage.element.contains(document.activeElement);
    fill(this.#stage.element, svg);
    if (focused) svg.focus({ preventScroll: true });
    this.#drawCursor();
  }

  #point(event: PointerEvent): void {
    const { xs } = this.#state as LinesState;
    const box = this.#svg?.getBoundingClientRect();
    if (!box || !this.#frame) return;
    const at = this.#frame.x.invert(event.clientX - box.left);
    const first = xs[0] as number;
    const last = xs[xs.length - 1] as number;
    const index = Math.round(((at - first) / (last - first)) * (xs.length - 1));
    this.#move(clamp(index, 0, xs.length - 1));
  }

  #key(event: KeyboardEvent): void {
    const { xs } = this.#state as LinesState;
    const last = xs.length - 1;
    const now = this.#cursor ?? last >> 1;
    const big = Math.max(Math.round(last / 10), 1);
    const moves: Record<string, number> = {
      ArrowRight: now + 1,
      ArrowUp: now + 1,
      ArrowLeft: now - 1,
      ArrowDown: now - 1,
      PageUp: now + big,
      PageDown: now - big,
      Home: 0,
      End: last,
    };
    const next = moves[event.key];
    if (next === undefined) {
      if (event.key === "Escape") this.#move(undefined);
      return;
    }
    event.preventDefault();
    this.#move(clamp(next, 0, last));
  }

  #drawCursor(): void {
    const group = this.#svg?.querySelector(".cursor");
    const { xs, lines } = this.#state as LinesState;
    if (!group || !this.#frame) return;
    const index = this.#cursor;
    if (index === undefined) {
      fill(group);
      return;
    }
    const { x, y, top, bottom } = this.#frame;
    const at = x.at(xs[index] as number);
    fill(
      group,
      s("line", { x1: at, x2: at, y1: top, y2: bottom }),
      lines.map(({ ys, tone }) => {
        const value = ys[index] as number;
        const inside = value >= y.domain[0] && value <= y.domain[1];
        return inside
          ? s("circle", { cx: at, cy: y.at(value), r: 3.5, class: `mark tone-${tone}` })
          : undefined;
      }),
    );
    this.#svg?.setAttribute("aria-valuenow", String(xs[index]));
    this.#svg?.setAttribute("aria-valuetext", this.#spoken(index));
  }

  #spoken(index: number): string {
    const { xs, lines, xLabel } = this.#state as LinesState;
    const values = lines.map(({ name, ys }) => `${name} ${num(ys[index] as number)}`);
    return `${xLabel} ${num(xs[index] as number)}: ${values.join(", ")}`;
  }

  #readout(): void {
    const { xs, lines, xLabel } = this.#state as LinesState;
    const index = this.#cursor;
    fill(
      this.#legend,
      lines.map(({ name, tone, ys }) =>
        h(
          "span",
          { class: "key" },
          h("i", { class: `swatch tone-${tone}` }),
          name,
          index === undefined ? undefined : h("b", {}, num(ys[index] as number)),
        ),
      ),
      lines.some(({ reference }) => reference)
        ? h("span", { class: "key" }, h("i", { class: "swatch reference" }), "float64 on the CPU")
        : undefined,
      index === undefined
        ? undefined
        : h("span", { class: "key at" }, `${xLabel} = `, h("b", {}, num(xs[index] as number, 3))),
    );
  }
}

/** Charts over the same axis move their cursors together. */
export function linkCursors(...charts: readonly Lines[]): void {
  for (const chart of charts) {
    chart.onCursor = (index) => {
      for (const other of charts) if (other !== chart) other.setCursor(index);
    };
  }
}
