import type { AnyLoss } from "../../../index.js";
import { clamp } from "../../parts/clamp.js";
import { type Control, segmented, select, slider, toggle } from "../../parts/controls.js";
import { fill, h } from "../../parts/dom.js";
import { num, words } from "../../parts/format.js";
import { param, setParams } from "../../parts/router.js";
import { curveOptions, parseOption, trackOf } from "../../scenes/options.js";
import type { Axis, Knob } from "../../scenes/scene.js";

type Plain = number | string | boolean;

/** The controls of a loss: what moves, what stands, and its options. The address holds what differs from the defaults. */
export class OptionPanel {
  readonly element = h("form", {
    class: "panel",
    onsubmit: (event: Event) => event.preventDefault(),
  });
  readonly #changed: () => void;
  #options: Record<string, Plain> = {};
  #knobs: Record<string, number> = {};
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  knobs(): Readonly<Record<string, number>> {
    return this.#knobs;
  }

  /** The options that differ from a loss's defaults, or `all` of them; a loss that lacks one is not told of it. */
  optionsOf(loss: AnyLoss, all = false): Record<string, Plain> {
    const out: Record<string, Plain> = {};
    for (const [name, option] of curveOptions(loss)) {
      const value = this.#options[name] ?? option.default;
      if (value !== null && value !== undefined && (all || value !== option.default))
        out[name] = value;
    }
    return out;
  }

  fill(
    loss: AnyLoss,
    axes: readonly Axis[],
    axis: Axis | undefined,
    knobs: readonly Knob[],
    move: (axis: string) => void,
  ): void {
    this.#options = {};
    this.#knobs = {};
    const { spec } = loss;
    const axisMenu =
      axes.length > 1 && axis
        ? select({
            label: "Moves",
            value: axis.id,
            options: axes.map(({ id, label }) => ({ value: id, text: label })),
            change: move,
          })
        : undefined;
    fill(
      this.element,
      axisMenu?.element,
      knobs.map((knob) => this.#knob(knob).element),
      curveOptions(loss).map(([name]) => this.#option(spec.options[name] as never, name).element),
    );
    this.element.hidden = this.element.childElementCount === 0;
  }

  #knob({ id, label, min, max, value, choices }: Knob): Control<number> | Control<string> {
    const stored = Number(param(`at.${id}`) ?? Number.NaN);
    const now = Number.isFinite(stored) ? clamp(stored, min, max) : value;
    this.#knobs[id] = now;
    const change = (next: number): void => {
      this.#knobs[id] = next;
      setParams({ [`at.${id}`]: next === value ? undefined : String(next) });
      this.#changed();
    };
    if (choices) {
      return segmented({
        label,
        value: String(now),
        options: choices.map((choice) => ({ value: String(choice), text: num(choice) })),
        change: (text) => change(Number(text)),
      });
    }
    return slider({ label, min, max, value: now, change });
  }

  #option(option: AnyLoss["spec"]["options"][string], name: string): Control<unknown> {
    const stored = param(name);
    const now = (stored === undefined ? undefined : parseOption(option, stored)) ?? option.default;
    if (now !== option.default) this.#options[name] = now as Plain;
    const change = (next: Plain): void => {
      this.#options[name] = next;
      setParams({ [name]: next === option.default ? undefined : String(next) });
      this.#changed();
    };
    const common = { label: words(name), title: option.doc };
    if ("values" in option) {
      const choices = option.values;
      const short = choices.length <= 3 && choices.join("").length < 24;
      return (short ? segmented : select)({
        ...common,
        value: String(now),
        options: choices,
        change,
      });
    }
    if (typeof option.default === "boolean")
      return toggle({ ...common, value: now === true, change });
    const track = trackOf(option) as NonNullable<ReturnType<typeof trackOf>>;
    return slider({ ...common, ...track, value: now as number, change });
  }
}
