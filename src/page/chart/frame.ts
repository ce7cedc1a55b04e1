import { type Child, h, type Props, s } from "../parts/dom.js";
import { onTheme } from "../parts/theme.js";
import { linear, type Scale, ticks, tickTexts } from "./scale.js";

/** The pixels of a chart: the plot's inner box and its two scales. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly x: Scale;
  readonly y: Scale;
}

const TEXT = 6.4;

/** Room for the axes is taken from the text that they carry, so that no tick is ever cut. */
export function frameOf(
  width: number,
  height: number,
  xDomain: readonly [number, number],
  yDomain: readonly [number, number],
): Frame {
  const yTexts = tickTexts(ticks(yDomain, height / 44));
  const left = Math.max(...yTexts.map((text) => text.length), 2) * TEXT + 14;
  const right = width - 14;
  const top = 24;
  const bottom = height - 38;
  return {
    width,
    height,
    left,
    right,
    top,
    bottom,
    x: linear(xDomain, [left, right]),
    y: linear(yDomain, [bottom, top]),
  };
}

/** An SVG of so many pixels, with what it says to those who do not see it. */
export const drawing = (
  width: number,
  height: number,
  label: string,
  props: Props,
  ...children: Child[]
): SVGSVGElement =>
  s(
    "svg",
    {
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": label,
      ...props,
    },
    ...children,
  );

/** Grid, ticks and axis names. */
export function axes(frame: Frame, xLabel: Child, yLabel: string): SVGGElement {
  const { left, right, top, bottom, x, y } = frame;
  const xs = ticks(x.domain, Math.min((right - left) / 68, 9));
  const ys = ticks(y.domain, (bottom - top) / 44);
  const xTexts = tickTexts(xs);
  const yTexts = tickTexts(ys);
  const line = (x1: number, y1: number, x2: number, y2: number, kind: string) =>
    s("line", { x1, y1, x2, y2, class: kind });
  return s(
    "g",
    { class: "axes" },
    ys.map((value, i) => [
      line(left, y.at(value), right, y.at(value), value === 0 ? "zero" : "grid"),
      s("text", { x: left - 8, y: y.at(value) + 4, "text-anchor": "end" }, yTexts[i]),
    ]),
    xs.map((value, i) => [
      line(x.at(value), top, x.at(value), bottom, value === 0 ? "zero" : "grid"),
      s("text", { x: x.at(value), y: bottom + 17, "text-anchor": "middle" }, xTexts[i]),
    ]),
    s("text", { x: right, y: bottom + 33, "text-anchor": "end", class: "axis-name" }, xLabel),
    s("text", { x: 0, y: 12, class: "axis-name" }, yLabel),
  );
}

/** A drawing that is made anew whenever the width of its place changes: text keeps its size. */
export class Canvas2 {
  readonly element: HTMLElement;
  readonly #draw: (width: number) => void;
  #width = 0;
  /** `themed`: pixels are painted with the theme's colours, so another theme asks for another drawing. */
  constructor(className: string, draw: (width: number) => void, themed = false) {
    this.element = h("div", { class: className });
    this.#draw = draw;
    if (themed) {
      const stop = onTheme(() => (this.element.isConnected ? this.redraw() : stop()));
    }
    const observer = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width === this.#width || width === 0) return;
      this.#width = width;
      this.#draw(width);
    });
    observer.observe(this.element);
  }

  /** Draws again at the present width; before the first layout there is nothing to draw. */
  redraw(): void {
    if (this.#width > 0) this.#draw(this.#width);
  }
}
