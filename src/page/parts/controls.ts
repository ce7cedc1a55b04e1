import { h, uniqueId } from "./dom.js";
import { num } from "./format.js";

/** A labelled control whose value can be read and set. */
export interface Control<T> {
  readonly element: HTMLElement;
  value: T;
}

export interface SliderOptions {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** Steps of the track; a logarithmic one has 200. */
  readonly step?: number;
  readonly log?: boolean;
  readonly title?: string | undefined;
  readonly show?: (value: number) => string;
  readonly change: (value: number) => void;
}

const LOG_STEPS = 200;

/** A number on a track, with the number beside it. */
export function slider(options: SliderOptions): Control<number> {
  const { label, min, max, log = false, change } = options;
  const show = options.show ?? ((value: number) => num(value, 3));
  const step = options.step ?? (log ? 1 : niceTrackStep(max - min));
  const toTrack = (value: number): number =>
    log ? Math.round((Math.log(value / min) / Math.log(max / min)) * LOG_STEPS) : value;
  const fromTrack = (at: number): number =>
    log ? Number((min * (max / min) ** (at / LOG_STEPS)).toPrecision(3)) : at;
  let value = options.value;
  const id = uniqueId("slider");
  const output = h("output", { for: id }, show(value));
  const input = h("input", {
    id,
    type: "range",
    min: log ? 0 : min,
    max: log ? LOG_STEPS : max,
    step: log ? 1 : step,
    "aria-valuetext": show(value),
    oninput: () => {
      value = fromTrack(Number(input.value));
      refresh();
      change(value);
    },
  });
  input.value = String(toTrack(value));
  const refresh = (): void => {
    output.textContent = show(value);
    input.setAttribute("aria-valuetext", show(value));
  };
  const element = h(
    "div",
    { class: "control slider", title: options.title },
    h("label", { for: id }, label),
    input,
    output,
  );
  return {
    element,
    get value() {
      return value;
    },
    set value(next: number) {
      value = next;
      input.value = String(toTrack(next));
      refresh();
    },
  };
}

const niceTrackStep = (span: number): number => 10 ** Math.floor(Math.log10(span / 50));

export interface SelectOptions {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (string | { readonly value: string; readonly text: string })[];
  readonly title?: string | undefined;
  readonly change: (value: string) => void;
}

const entry = (option: SelectOptions["options"][number]): { value: string; text: string } =>
  typeof option === "string" ? { value: option, text: option } : option;

/** One of a few words. */
export function select({ label, value, options, title, change }: SelectOptions): Control<string> {
  const id = uniqueId("select");
  const input = h(
    "select",
    { id, onchange: () => change(input.value) },
    options.map(entry).map((option) => h("option", { value: option.value }, option.text)),
  );
  input.value = value;
  const element = h("div", { class: "control", title }, h("label", { for: id }, label), input);
  return {
    element,
    get value() {
      return input.value;
    },
    set value(next: string) {
      input.value = next;
    },
  };
}

/** The same as a row of buttons, where all the words should be seen. */
export function segmented({ label, value, options, change }: SelectOptions): Control<string> {
  const name = uniqueId("choice");
  let now = value;
  const inputs = options.map(entry).map((option) => {
    const input = h("input", {
      type: "radio",
      name,
      value: option.value,
      checked: option.value === value,
      onchange: () => {
        now = option.value;
        change(now);
      },
    });
    return { input, element: h("label", {}, input, h("span", {}, option.text)) };
  });
  const element = h(
    "fieldset",
    { class: "control segmented" },
    h("legend", {}, label),
    h(
      "div",
      {},
      inputs.map((item) => item.element),
    ),
  );
  return {
    element,
    get value() {
      return now;
    },
    set value(next: string) {
      now = next;
      for (const { input } of inputs) input.checked = input.value === next;
    },
  };
}

export function toggle(options: {
  readonly label: string;
  readonly value: boolean;
  readonly title?: string | undefined;
  readonly change: (value: boolean) => void;
}): Control<boolean> {
  const input = h("input", {
    type: "checkbox",
    checked: options.value,
    onchange: () => options.change(input.checked),
  });
  const element = h(
    "div",
    { class: "control toggle", title: options.title },
    h("label", {}, input, options.label),
  );
  return {
    element,
    get value() {
      return input.checked;
    },
    set value(next: boolean) {
      input.checked = next;
    },
  };
}

/** A button; `kind` "primary" is the one thing to do here. */
export const button = (
  text: string,
  onclick: () => void,
  kind: "primary" | "plain" = "plain",
): HTMLButtonElement => h("button", { type: "button", class: kind, onclick }, text);
