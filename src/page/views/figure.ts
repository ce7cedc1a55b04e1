import type { AnyLoss } from "../../index.js";
import type { Worst } from "../../verify.js";
import { codeDetails } from "../parts/code.js";
import {
  type Control,
  type SelectOptions,
  type SliderOptions,
  segmented,
  select,
  slider,
} from "../parts/controls.js";
import { type Child, fill, h, latest } from "../parts/dom.js";
import { tiny } from "../parts/format.js";
import { has, theLoss } from "../parts/registry.js";
import { numberParam, param, setParams } from "../parts/router.js";
import { type Outcome, run, worse } from "../parts/run.js";
import { onSession } from "../parts/session.js";

/** One live picture of the notebook. */
export interface Figure {
  readonly id: string;
  readonly title: string;
  /** One or two sentences: what to look at. */
  readonly text: string;
  /** Exports of the library that it shows; without them it is not shown. */
  readonly needs: readonly string[];
  /** Puts its parts on the stage and hands back how to draw them. */
  build(stage: Stage): () => Promise<void>;
}

export const isShown = ({ needs }: Figure): boolean => has(...needs);

/** What a figure stands on: controls whose state is in the address, computing on both backends, and its code. */
export class Stage {
  readonly #id: string;
  readonly controls = h("form", {
    class: "panel",
    onsubmit: (event: Event) => event.preventDefault(),
  });
  readonly picture = h("div", { class: "picture" });
  readonly #say = h("p", { class: "reading", "aria-live": "polite" });
  readonly #agreement = h("p", { class: "agreement" });
  readonly #code = codeDetails();
  #worst: Worst | undefined;
  changed: () => void = () => {};
  constructor(id: string) {
    this.#id = id;
  }

  slider(name: string, options: Omit<SliderOptions, "change">): Control<number> {
    const key = `${this.#id}.${name}`;
    const start = options.value;
    const control = slider({
      ...options,
      value: numberParam(key, start, options.min, options.max),
      change: (value) => {
        setParams({ [key]: value === start ? undefined : String(value) });
        this.changed();
      },
    });
    this.controls.append(control.element);
    return control;
  }

  choice(name: string, options: Omit<SelectOptions, "change">, asMenu = false): Control<string> {
    const key = `${this.#id}.${name}`;
    const start = options.value;
    const known = options.options.map((option) =>
      typeof option === "string" ? option : option.value,
    );
    const stored = param(key);
    const control = (asMenu ? select : segmented)({
      ...options,
      value: stored !== undefined && known.includes(stored) ? stored : start,
      change: (value) => {
        setParams({ [key]: value === start ? undefined : value });
        this.changed();
      },
    });
    this.controls.append(control.element);
    return control;
  }

  place(...parts: Child[]): void {
    fill(this.picture, ...parts);
  }

  /** Runs a loss on the device and in float64; the card shows the worst difference of one drawing. */
  async run(
    name: string,
    inputs: readonly unknown[],
    options: Readonly<Record<string, unknown>> = {},
  ): Promise<Outcome> {
    const outcome = await run(theLoss(name) as AnyLoss, inputs, options);
    this.#worst = worse(this.#worst, outcome.worst);
    return outcome;
  }

  /** The sentence under the picture. */
  say(...parts: Child[]): void {
    fill(this.#say, ...parts);
  }

  /** The lines that draw this. */
  code(text: string): void {
    this.#code.show(text);
  }

  elements(): HTMLElement[] {
    return [this.picture, this.controls, this.#say, this.#agreement, this.#code.element];
  }

  begin(): void {
    this.#worst = undefined;
  }

  end(): void {
    this.controls.hidden = this.controls.childElementCount === 0;
    const worst = this.#worst;
    fill(
      this.#agreement,
      worst && [
        "Largest difference from float64 ",
        h("b", { class: worst.used > 1 ? "bad" : "good" }, tiny(worst.error)),
        ` of ${tiny(worst.allowed)} allowed.`,
      ],
    );
  }
}

/** A figure's card. It is built and computed when it comes near the screen. */
export function card(
  figure: Figure,
  number: number,
): { element: HTMLElement; draw: () => Promise<void>; stop: () => void } {
  const { id, title, text } = figure;
  const stage = new Stage(id);
  const problem = h("p", { class: "notice", role: "alert", hidden: true });
  const body = h("div", { class: "card-body" });
  const element = h(
    "article",
    {
      class: "card",
      id: `figure-${id}`,
      "aria-labelledby": `title-${id}`,
      "data-state": "waiting",
    },
    h(
      "h2",
      { id: `title-${id}` },
      h("span", { class: "figure-number" }, `Figure ${number}`),
      title,
    ),
    h("p", { class: "card-text" }, text),
    problem,
    body,
  );
  let work: (() => Promise<void>) | undefined;
  const update = latest(
    async () => {
      stage.begin();
      await work?.();
      stage.end();
      problem.hidden = true;
      element.dataset.state = "drawn";
    },
    (error) => {
      problem.hidden = false;
      problem.textContent = String(error);
      element.dataset.state = "failed";
    },
  );
  const draw = (): Promise<void> => {
    if (!work) {
      work = figure.build(stage);
      fill(body, stage.elements());
      stage.changed = () => void update();
    }
    return update();
  };
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      void draw();
    },
    { rootMargin: "400px" },
  );
  observer.observe(element);
  const again = (): void => {
    if (work) void update();
  };
  const off = onSession(again);
  return {
    element,
    draw,
    stop: () => {
      observer.disconnect();
      off();
    },
  };
}
