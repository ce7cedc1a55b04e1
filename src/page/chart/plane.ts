import { clamp } from "../parts/clamp.js";
import { fill, h, s } from "../parts/dom.js";
import { num } from "../parts/format.js";
import { axes, Canvas2, drawing, type Frame, frameOf } from "./frame.js";

export interface PlanePoint {
  readonly name: string;
  readonly tone: number;
  x: number;
  y: number;
}
export interface Circle {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly dashed: boolean;
}

/** Points in the plane that can be dragged, or moved with the arrow keys, with arrows and circles around them. */
export class Plane {
  readonly element: HTMLElement;
  readonly points: readonly PlanePoint[];
  readonly #edge: number;
  readonly #moved: () => void;
  readonly #stage: Canvas2;
  #label = "";
  #arrows: readonly { readonly dx: number; readonly dy: number }[] = [];
  #circles: readonly Circle[] = [];
  #frame: Frame | undefined;
  #dragged: PlanePoint | undefined;
  constructor(points: readonly PlanePoint[], edge: number, moved: () => void) {
    this.points = points;
    this.#edge = edge;
    this.#moved = moved;
    this.#stage = new Canvas2("plot", (width) => this.#render(width));
    this.element = h("div", { class: "chart" }, this.#stage.element);
  }

  draw(
    label: string,
    arrows: readonly { dx: number; dy: number }[],
    circles: readonly Circle[],
  ): void {
    this.#label = label;
    this.#arrows = arrows;
    this.#circles = circles;
    this.#stage.redraw();
  }

  #render(width: number): void {
    const edge = this.#edge;
    // As high as wide inside the axes, so that circles are round.
    const probe = frameOf(width, width, [-edge, edge], [-edge, edge]);
    const height = width - (probe.bottom - probe.top - (probe.right - probe.left));
    const frame = frameOf(width, height, [-edge, edge], [-edge, edge]);
    this.#frame = frame;
    const { x, y } = frame;
    const unit = x.at(1) - x.at(0);
    const focused = this.#focusedIndex();
    // Names stand outside, and where their points' arrows do not go.
    const middle = this.points.reduce((sum, point) => sum + point.x / this.points.length, 0);
    const below = (i: number): number => ((this.#arrows[i]?.dy ?? 0) > 0 ? 20 : -11);
    const svg = drawing(
      width,
      height,
      this.#label,
      {
        role: "group",
        style: "touch-action:none",
        onpointermove: (event: PointerEvent) => this.#drag(event),
        onpointerup: () => {
          this.#dragged = undefined;
        },
      },
      axes(frame, "x", "y"),
      this.#circles.map((circle) =>
        s("circle", {
          cx: x.at(circle.x),
          cy: y.at(circle.y),
          r: circle.radius * unit,
          class: circle.dashed ? "orbit dashed" : "orbit",
        }),
      ),
      this.points.map((point, i) =>
        s(
          "text",
          {
            x: x.at(point.x) + (point.x < middle ? -12 : 12),
            y: y.at(point.y) + below(i),
            class: "note boxed",
            "text-anchor": point.x < middle ? "end" : "start",
          },
          point.name,
        ),
      ),
      this.points.map((point, i) => {
        const { dx = 0, dy = 0 } = this.#arrows[i] ?? {};
        const [x1, y1, x2, y2] = [
          x.at(point.x),
          y.at(point.y),
          x.at(point.x + dx),
          y.at(point.y + dy),
        ];
        const length = Math.hypot(x2 - x1, y2 - y1);
        const [ux, uy] = [(x2 - x1) / (length || 1), (y2 - y1) / (length || 1)];
        const wing = (side: number) =>
          `${x2 - 7 * ux + side * 4 * uy} ${y2 - 7 * uy - side * 4 * ux}`;
        return length > 2
          ? s("path", {
              class: `arrow strong tone-${point.tone}`,
              d: `M${x1} ${y1}L${x2} ${y2}M${wing(1)}L${x2} ${y2}L${wing(-1)}`,
            })
          : undefined;
      }),
      this.points.map((point) =>
        s(
          "g",
          {
            class: "handle",
            tabindex: 0,
            role: "slider",
            "aria-label": `${point.name}; arrow keys move it`,
            "aria-valuenow": point.x,
            "aria-valuemin": -edge,
            "aria-valuemax": edge,
            "aria-valuetext": `x ${num(point.x, 2)}, y ${num(point.y, 2)}`,
            onkeydown: (event: KeyboardEvent) => this.#key(event, point),
            onpointerdown: (event: PointerEvent) => {
              this.#dragged = point;
              svg.setPointerCapture(event.pointerId);
            },
          },
          s("circle", { cx: x.at(point.x), cy: y.at(point.y), r: 16, fill: "transparent" }),
          s("circle", {
            cx: x.at(point.x),
            cy: y.at(point.y),
            r: 8,
            class: `mark tone-${point.tone}`,
          }),
        ),
      ),
    );
    fill(this.#stage.element, svg);
    if (focused >= 0)
      svg.querySelectorAll<SVGGElement>(".handle")[focused]?.focus({ preventScroll: true });
  }

  #focusedIndex(): number {
    return [...this.#stage.element.querySelectorAll(".handle")].indexOf(
      document.activeElement as Element,
    );
  }

  #place(point: PlanePoint, x: number, y: number): void {
    const bound = (value: number) => clamp(value, -this.#edge, this.#edge);
    point.x = bound(x);
    point.y = bound(y);
    this.#moved();
  }

  #drag(event: PointerEvent): void {
    if (!this.#dragged || !this.#frame) return;
    const box = (event.currentTarget as Element).getBoundingClientRect();
    this.#place(
      this.#dragged,
      this.#frame.x.invert(event.clientX - box.left),
      this.#frame.y.invert(event.clientY - box.top),
    );
  }

  #key(event: KeyboardEvent, point: PlanePoint): void {
    const step = event.shiftKey ? 0.25 : 0.05;
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, step],
      ArrowDown: [0, -step],
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    this.#place(point, point.x + move[0], point.y + move[1]);
  }
}
