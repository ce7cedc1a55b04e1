import type { AnyLoss } from "../../../index.js";
import type { Worst } from "../../../verify.js";
import { type Line, Lines, linkCursors } from "../../chart/lines.js";
import { codeDetails } from "../../parts/code.js";
import { fill, h } from "../../parts/dom.js";
import { tiny } from "../../parts/format.js";
import { losses, runsOn } from "../../parts/registry.js";
import { param, setParams } from "../../parts/router.js";
import { worse } from "../../parts/run.js";
import { session } from "../../parts/session.js";
import { toMathML } from "../../parts/tex.js";
import { type Axis, type Curve, type Scene, sceneOf } from "../../scenes/scene.js";
import { facts } from "./facts.js";
import { OptionPanel } from "./options.js";

const MOST_OVERLAYS = 5;

/** Scenes are pure, so one of each is enough. */
const scenes = new Map<AnyLoss, Scene>();
function scene(loss: AnyLoss): Scene {
  const known = scenes.get(loss) ?? sceneOf(loss);
  scenes.set(loss, known);
  return known;
}

/** One loss on the page. */
export class Sheet {
  /** Called when a control moved and the curves are to be computed again. */
  changed: () => void = () => {};
  readonly element = h("div");
  readonly #value = new Lines();
  readonly #slope = new Lines();
  readonly #note = h("p", { class: "agreement", "aria-live": "polite" });
  readonly #overlayPlace = h("div", { class: "overlays" });
  readonly #code = codeDetails();
  readonly #panel = new OptionPanel(() => this.changed());
  #loss: AnyLoss | undefined;
  #axis: Axis | undefined;
  #overlays: string[] = [];
  constructor() {
    linkCursors(this.#value, this.#slope);
  }

  /** Turns to another loss; what the address says about its options is kept. */
  show(loss: AnyLoss): void {
    const { spec } = loss;
    const { axes } = scene(loss);
    this.#loss = loss;
    this.#axis = axes.find(({ id }) => id === param("axis")) ?? axes[0];
    this.#overlays = (param("with") ?? "")
      .split(",")
      .filter((name) => this.#comparable().some((other) => other.spec.name === name));
    setParams({ axis: this.#axis === axes[0] ? undefined : this.#axis?.id });
    const formula = h("div", {
      class: "formula",
      tabindex: 0,
      role: "group",
      "aria-label": "Formula",
    });
    formula.innerHTML = toMathML(spec.formula);
    this.#fillPanel();
    fill(
      this.element,
      h("h2", {}, spec.name, spec.aka?.length ? h("small", {}, spec.aka.join(" · ")) : undefined),
      h("p", { class: "summary" }, ...ticked(spec.summary)),
      formula,
      h("div", { class: "pair" }, this.#value.element, this.#slope.element),
      this.#note,
      this.#panel.element,
      this.#overlayPlace,
      this.#code.element,
      facts(spec),
    );
    this.#showOverlays();
  }

  #fillPanel(): void {
    const loss = this.#loss as AnyLoss;
    const { axes, knobs } = scene(loss);
    const axis = this.#axis;
    this.#panel.fill(loss, axes, axis, axis ? knobs(axis) : [], (id) => {
      this.#axis = axes.find((other) => other.id === id);
      setParams({ axis: this.#axis === axes[0] ? undefined : id });
      this.#fillPanel();
      this.#showOverlays();
      this.changed();
    });
  }

  /** Losses with the same kind of scene that move the same input. */
  #comparable(): AnyLoss[] {
    const loss = this.#loss as AnyLoss;
    const axis = this.#axis;
    if (!axis) return [];
    return losses.filter((other) => {
      if (other === loss || other.spec.inputs[axis.input] === undefined) return false;
      const theirs = scene(other);
      return (
        theirs.kind === scene(loss).kind &&
        theirs.axes.some(({ id }) => id === axis.id) &&
        theirs.yLabel === scene(loss).yLabel
      );
    });
  }

  #showOverlays(): void {
    const candidates = this.#comparable();
    this.#overlays = this.#overlays.filter((name) =>
      candidates.some(({ spec }) => spec.name === name),
    );
    const chips = candidates.map(({ spec: { name } }) => {
      const at = this.#overlays.indexOf(name);
      return h(
        "button",
        {
          type: "button",
          class: at >= 0 ? `chip tone-${at + 2}` : "chip",
          "aria-pressed": String(at >= 0),
          onclick: () => this.#toggle(name),
        },
        name,
      );
    });
    fill(
      this.#overlayPlace,
      chips.length > 0 && h("h3", {}, "Lay over it"),
      chips.length > 0 && h("div", { class: "chips" }, chips),
    );
    setParams({ with: this.#overlays.join(",") || undefined });
  }

  #toggle(name: string): void {
    const at = this.#overlays.indexOf(name);
    if (at >= 0) this.#overlays.splice(at, 1);
    else this.#overlays = [...this.#overlays, name].slice(-MOST_OVERLAYS);
    this.#showOverlays();
    const again = [...this.#overlayPlace.querySelectorAll("button")].find(
      (chip) => chip.textContent === name,
    );
    again?.focus();
    this.changed();
  }

  /** Computes and draws the curves with what the controls say now. */
  async update(): Promise<void> {
    const loss = this.#loss as AnyLoss;
    const axis = this.#axis;
    if (!axis) {
      fill(this.#note, "This loss has no number that can be moved.");
      return;
    }
    const shown = [
      loss,
      ...this.#comparable().filter(({ spec }) => this.#overlays.includes(spec.name)),
    ];
    shown.sort((a, b) => this.#tone(a) - this.#tone(b));
    const curves: [AnyLoss, Curve][] = [];
    let worst: Worst | undefined;
    for (const one of shown) {
      const theirs = scene(one);
      const own = theirs.axes.find(({ id }) => id === axis.id) as Axis;
      const stretched = { ...own, min: axis.min, max: axis.max };
      const curve = await theirs.curve(stretched, this.#panel.knobs(), this.#panel.optionsOf(one));
      if (this.#loss !== loss || this.#axis !== axis) return;
      curves.push([one, curve]);
      worst = worse(worst, curve.worst);
    }
    this.#draw(axis, curves);
    await this.#agreement(loss, worst, curves[0]?.[1].xs.length ?? 0);
    this.#code.show(scene(loss).code(axis, this.#panel.knobs(), this.#panel.optionsOf(loss)));
  }

  #tone(loss: AnyLoss): number {
    return loss === this.#loss ? 1 : this.#overlays.indexOf(loss.spec.name) + 2;
  }

  #draw(axis: Axis, curves: readonly [AnyLoss, Curve][]): void {
    const loss = this.#loss as AnyLoss;
    const line = (
      pickYs: (curve: Curve) => ArrayLike<number> | undefined,
      pickReference: (curve: Curve) => ArrayLike<number> | undefined,
    ) =>
      curves.flatMap(([one, curve]): Line[] => {
        const ys = pickYs(curve);
        return ys
          ? [{ name: one.spec.name, tone: this.#tone(one), ys, reference: pickReference(curve) }]
          : [];
      });
    const xs = curves[0]?.[1].xs ?? [0, 1];
    const kinks =
      loss.spec.kinks?.(this.#panel.optionsOf(loss, true) as Record<string, number>) ?? [];
    const offset =
      loss.spec.family === "elementwise" && axis.input === Object.keys(loss.spec.inputs)[0]
        ? (this.#panel.knobs().targets ?? 0)
        : 0;
    const isLabel = Math.abs(offset) === 1 && /[hH]inge|margin/i.test(loss.spec.name);
    const uprights =
      curves.length === 1
        ? kinks.map((x) => ({ x: isLabel ? x * offset : x + offset, label: "kink" }))
        : [];
    const common = { xs, xLabel: axis.label, uprights };
    const { yLabel } = scene(loss);
    this.#value.draw({
      ...common,
      label: `${yLabel} of ${loss.spec.name} over ${axis.label}`,
      yLabel,
      lines: line(
        (curve) => curve.ys,
        (curve) => curve.referenceYs,
      ),
    });
    this.#slope.draw({
      ...common,
      label: `gradient of ${loss.spec.name} over ${axis.label}`,
      yLabel: axis.label.length > 18 ? "gradient along it" : `gradient by the ${axis.label}`,
      lines: line(
        (curve) => curve.slopes,
        (curve) => curve.referenceSlopes,
      ),
    });
  }

  async #agreement(loss: AnyLoss, worst: Worst | undefined, points: number): Promise<void> {
    const { backend } = await session();
    const where = backend.kind === "webgpu" ? backend.info.name : "the CPU";
    if (!runsOn(loss.spec, backend.kind)) {
      return fill(
        this.#note,
        h("b", {}, loss.spec.name),
        " exists on the CPU alone; its curve is float64.",
      );
    }
    fill(
      this.#note,
      `${points} points on ${where}`,
      worst
        ? [
            "; largest difference from float64 ",
            h("b", { class: worst.used > 1 ? "bad" : "good" }, tiny(worst.error)),
            ` of ${tiny(worst.allowed)} allowed.`,
          ]
        : ".",
    );
  }
}

/** Text with `code` in backticks. */
export function ticked(text: string): (string | HTMLElement)[] {
  return text.split("`").map((part, i) => (i % 2 === 1 ? h("code", {}, part) : part));
}
