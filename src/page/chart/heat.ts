import { clamp } from "../parts/clamp.js";
import { fill, h, s } from "../parts/dom.js";
import { num } from "../parts/format.js";
import { colour } from "../parts/theme.js";
import { axes, Canvas2, drawing, type Frame, frameOf } from "./frame.js";

type Rgb = readonly [number, number, number];

/** A ramp through colours of the style sheet: 0 is the paper, 1 is ink. */
export function ramp(names: readonly string[]): (share: number) => Rgb {
  const stops = names.map(colour);
  return (share) => {
    const at = clamp(share, 0, 1) * (stops.length - 1);
    const i = Math.min(Math.floor(at), stops.length - 2);
    const a = stops[i] as Rgb;
    const b = stops[i + 1] as Rgb;
    const mix = (k: 0 | 1 | 2) => a[k] + (b[k] - a[k]) * (at - i);
    return [mix(0), mix(1), mix(2)];
  };
}

export const sequential = (): ((share: number) => Rgb) =>
  ramp(["heat-0", "heat-1", "heat-2", "heat-3", "heat-4"]);
export const diverging = (): ((share: number) => Rgb) => ramp(["cold", "sheet", "warm"]);

export interface FieldState {
  readonly label: string;
  /** Values at a regular grid, row by row from the lowest y. */
  readonly values: ArrayLike<number>;
  readonly columns: number;
  readonly rows: number;
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly xLabel: string;
  readonly yLabel: string;
  readonly steps: number;
  readonly arrows?: readonly {
    readonly x: number;
    readonly y: number;
    readonly dx: number;
    readonly dy: number;
  }[];
  readonly marks?: readonly { readonly x: number; readonly y: number; readonly label: string }[];
  readonly read?: (x: number, y: number, value: number) => string;
}

/** A height field over two axes: shaded bands with contour lines, arrows over it, and a reading under the pointer. */
export class Field {
  readonly element: HTMLElement;
  /** Called when the visitor puts the cursor somewhere. */
  onPick: (x: number, y: number) => void = () => {};
  readonly #stage: Canvas2;
  readonly #note = h("div", { class: "legend" });
  #state: FieldState | undefined;
  #frame: Frame | undefined;
  #cursor: { x: number; y: number } | undefined;
  constructor() {
    this.#stage = new Canvas2("plot field", (width) => this.#render(width), true);
    this.element = h("div", { class: "chart" }, this.#stage.element, this.#note);
  }

  draw(state: FieldState): void {
    this.#state = state;
    this.#stage.redraw();
    this.#readout();
  }

  /** The value between grid points, by bilinear interpolation. */
  #value(x: number, y: number): number {
    const { values, columns, rows, x: xs, y: ys } = this.#state as FieldState;
    const u = ((x - xs[0]) / (xs[1] - xs[0])) * (columns - 1);
    const v = ((y - ys[0]) / (ys[1] - ys[0])) * (rows - 1);
    const i = clamp(Math.floor(u), 0, columns - 2);
    const j = clamp(Math.floor(v), 0, rows - 2);
    const at = (a: number, b: number) => values[b * columns + a] as number;
    const low = at(i, j) + (at(i + 1, j) - at(i, j)) * (u - i);
    const high = at(i, j + 1) + (at(i + 1, j + 1) - at(i, j + 1)) * (u - i);
    return low + (high - low) * (v - j);
  }

  #paint(frame: Frame): HTMLCanvasElement {
    const { values, steps } = this.#state as FieldState;
    const density = Math.min(globalThis.devicePixelRatio || 1, 2);
    const width = Math.round((frame.right - frame.left) * density);
    const height = Math.round((frame.bottom - frame.top) * density);
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < values.length; i++) {
      low = Math.min(low, values[i] as number);
      high = Math.max(high, values[i] as number);
    }
    const canvas = h("canvas", { width, height, "aria-hidden": "true" });
    const context = canvas.getContext("2d");
    if (!context) return canvas;
    const image = context.createImageData(width, height);
    const shade = sequential();
    const [line] = [colour("sheet")];
    const bandOf = (px: number, py: number): number => {
      const x = frame.x.invert(frame.left + px / density);
      const y = frame.y.invert(frame.top + py / density);
      return Math.floor(((this.#value(x, y) - low) / (high - low || 1)) * steps);
    };
    let above: number[] = [];
    for (let py = 0; py < height; py++) {
      const bands: number[] = [];
      for (let px = 0; px < width; px++) {
        const band = bandOf(px, py);
        bands.push(band);
        const edge = (px > 0 && bands[px - 1] !== band) || (py > 0 && above[px] !== band);
        const rgb = shade((Math.min(band, steps - 1) + 0.5) / steps);
        const at = 4 * (py * width + px);
        for (let k = 0; k < 3; k++) {
          const own = rgb[k as 0] as number;
          image.data[at + k] = edge ? own + ((line?.[k as 0] ?? 255) - own) * 0.45 : own;
        }
        image.data[at + 3] = 255;
      }
      above = bands;
    }
    context.putImageData(image, 0, 0);
    canvas.style.cssText = `left:${frame.left}px;top:${frame.top}px;width:${frame.right - frame.left}px;height:${frame.bottom - frame.top}px`;
    return canvas;
  }

  #render(width: number): void {
    const state = this.#state;
    if (!state) return;
    const height = Math.round(Math.min(width * 0.92, 470));
    const frame = frameOf(width, height, state.x, state.y);
    this.#frame = frame;
    const { x, y } = frame;
    const svg = drawing(
      width,
      height,
      `${state.label}. Arrow keys move the reading.`,
      {
        tabindex: 0,
        role: "application",
        "aria-roledescription": "field",
        onpointermove: (event: PointerEvent) => this.#point(event),
        onpointerdown: (event: PointerEvent) => this.#point(event),
        onpointerleave: () => this.#move(undefined),
        onkeydown: (event: KeyboardEvent) => this.#key(event),
      },
      axes(frame, state.xLabel, state.yLabel),
      (state.arrows ?? []).map((arrow) => {
        const [x1, y1] = [x.at(arrow.x), y.at(arrow.y)];
        const [x2, y2] = [x.at(arrow.x + arrow.dx), y.at(arrow.y + arrow.dy)];
        const length = Math.hypot(x2 - x1, y2 - y1);
        if (length < 1) return s("circle", { cx: x1, cy: y1, r: 1, class: "arrow-dot" });
        const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
        const head = Math.min(4.5, length * 0.6);
        const wing = (side: number) =>
          `${x2 - ux * head + side * uy * head * 0.55} ${y2 - uy * head - side * ux * head * 0.55}`;
        return s("path", {
          class: "arrow",
          d: `M${x1} ${y1}L${x2} ${y2}M${wing(1)}L${x2} ${y2}L${wing(-1)}`,
        });
      }),
      (state.marks ?? []).map((mark) => [
        s("circle", { cx: x.at(mark.x), cy: y.at(mark.y), r: 5, class: "mark ring" }),
        s("text", { x: x.at(mark.x) + 9, y: y.at(mark.y) + 4, class: "note boxed" }, mark.label),
      ]),
      s("g", { class: "cursor" }),
    );
    const focused = this.#stage.element.contains(document.activeElement);
    fill(this.#stage.element, this.#paint(frame), svg);
    if (focused) svg.focus({ preventScroll: true });
    this.#move(this.#cursor);
  }

  #point(event: PointerEvent): void {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const { x, y } = this.#frame as Frame;
    const picked = { x: x.invert(event.clientX - box.left), y: y.invert(event.clientY - box.top) };
    this.#move(picked);
    if (event.buttons > 0 && this.#cursor) this.onPick(this.#cursor.x, this.#cursor.y);
  }

  #key(event: KeyboardEvent): void {
    const { x, y } = this.#state as FieldState;
    const now = this.#cursor ?? { x: (x[0] + x[1]) / 2, y: (y[0] + y[1]) / 2 };
    const [dx, dy] = [(x[1] - x[0]) / 40, (y[1] - y[0]) / 40];
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [-dx, 0],
      ArrowRight: [dx, 0],
      ArrowUp: [0, dy],
      ArrowDown: [0, -dy],
    };
    const step = moves[event.key];
    if (!step) return;
    event.preventDefault();
    this.#move({ x: now.x + step[0], y: now.y + step[1] });
    if (this.#cursor) this.onPick(this.#cursor.x, this.#cursor.y);
  }

  #move(to: { x: number; y: number } | undefined): void {
    const { x: xs, y: ys } = this.#state as FieldState;
    const bound = (value: number, [low, high]: readonly [number, number]) =>
      clamp(value, low, high);
    this.#cursor = to && { x: bound(to.x, xs), y: bound(to.y, ys) };
    const group = this.#stage.element.querySelector(".cursor");
    const { x, y } = this.#frame as Frame;
    if (group) {
      fill(
        group,
        this.#cursor &&
          s("circle", {
            cx: x.at(this.#cursor.x),
            cy: y.at(this.#cursor.y),
            r: 5,
            class: "mark ring",
          }),
      );
    }
    this.#readout();
  }

  #readout(): void {
    const { read, xLabel, yLabel, label } = this.#state as FieldState;
    if (!this.#cursor) {
      fill(this.#note, h("span", { class: "key" }, label));
      return;
    }
    const { x, y } = this.#cursor;
    const value = this.#value(x, y);
    const text =
      read?.(x, y, value) ?? `${xLabel} ${num(x, 3)}, ${yLabel} ${num(y, 3)}: ${num(value)}`;
    fill(this.#note, h("span", { class: "key at" }, text));
  }
}
