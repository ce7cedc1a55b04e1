import type { AnyLoss } from "../../index.js";
import { Lines } from "../chart/lines.js";
import { CONTEXT } from "../learn/model.js";
import { alphabet, text } from "../learn/text.js";
import { BATCH, Trainer } from "../learn/trainer.js";
import { clamp } from "../parts/clamp.js";
import { codeDetails } from "../parts/code.js";
import { button, select, slider } from "../parts/controls.js";
import { fill, h, pause } from "../parts/dom.js";
import { fixed, num, whole } from "../parts/format.js";
import { losses, lossNamed } from "../parts/registry.js";
import { param, setParams } from "../parts/router.js";
import { onSession } from "../parts/session.js";
import { rowOf, takesLabels } from "../scenes/domains.js";
import { OptionPanel } from "./explore/options.js";

const MEASURE_EVERY = 10;
const WRITE_EVERY = 40;
/** Steps between two drawings: as many as fit. */
const TURN_MS = 40;

/** Losses of rows of scores with one label each: any of them can train the model. */
const teachers: readonly AnyLoss[] = losses.filter((loss) => {
  const [first, second, ...more] = Object.keys(loss.spec.inputs);
  if (loss.spec.family !== "row" || loss.spec.result || more.length > 0) return false;
  if (!first || !second || !/^(logits|scores)$/.test(first)) return false;
  const needsTable = Object.values(loss.spec.options).some(
    (option) => "tensor" in option && /Needed/.test(option.doc),
  );
  return takesLabels(loss, second) && !rowOf(loss, second) && !needsTable;
});

/** A model that learns in the page, by this library's losses and gradients. */
export async function mount(place: HTMLElement): Promise<() => void> {
  let loss =
    teachers.find(({ spec }) => spec.name === param("loss")) ??
    (lossNamed("crossEntropy") as AnyLoss);
  let running = false;
  /** The turns under way: paused is when they have ended. */
  let turns: Promise<void> | undefined;
  let stopped = false;
  let trainer: Trainer;
  let steps: number[] = [];
  let trained: number[] = [];
  let heldOut: number[] = [];
  let swaps: { x: number; label: string }[] = [];
  let smooth = Number.NaN;

  const chart = new Lines(0.45);
  const writing = h("pre", {
    class: "writing",
    tabindex: 0,
    "aria-label": "What the model writes",
  });
  const status = h("p", { class: "reading", role: "status" });
  const problem = h("p", { class: "notice", role: "alert", hidden: true });
  const code = codeDetails();
  const panel = new OptionPanel(() => swap());
  const menu = select({
    label: "Loss",
    value: loss.spec.name,
    options: teachers.map(({ spec }) => spec.name),
    change: (name) => {
      loss = lossNamed(name) as AnyLoss;
      setParams({ loss: name === "crossEntropy" ? undefined : name });
      panel.fill(loss, [], undefined, [], () => {});
      swap();
    },
  });
  const rate = slider({
    label: "learning rate",
    value: 0.004,
    min: 0.0005,
    max: 0.1,
    log: true,
    change: () => {},
  });
  const play = button("Train", () => void (running ? hold() : train()), "primary");
  const one = button("One step", () => void advance(1));
  const reset = button("Start over", () => void begin());

  async function begin(): Promise<void> {
    await hold();
    trainer.forget();
    trainer = new Trainer(loss, panel.optionsOf(loss));
    steps = [];
    trained = [];
    heldOut = [];
    swaps = [];
    smooth = Number.NaN;
    await first();
  }

  /** Another loss from here on; the curve shows where. */
  function swap(): void {
    trainer.swap(loss, panel.optionsOf(loss));
    smooth = Number.NaN;
    if (trainer.steps > 0)
      swaps = [...swaps.slice(-4), { x: trainer.steps, label: loss.spec.name }];
    showCode();
    draw();
  }

  function showCode(): void {
    const [input] = Object.keys(loss.spec.inputs);
    const options = { ...panel.optionsOf(loss), gradients: [input] };
    code.show(`import { ${loss.spec.name} } from "webgpu-loss";

// Compiled once; each step uploads the logits and runs one program.
const plan = await ${loss.spec.name}.plan(
  { ${input}: [${BATCH}, ${alphabet.length}], targets: [${BATCH}] },
  ${JSON.stringify(options)
    .replaceAll(/"(\w+)":/g, "$1: ")
    .replaceAll(",", ", ")},
);
for (;;) {
  const { contexts, targets } = batch();
  const { loss, gradients } = plan.run({ ${input}: model.forward(contexts), targets });
  model.backward(await gradients.${input}.read());   // the only thing the model needs to know
  model.step(${rate.value});
}`);
  }

  function draw(): void {
    if (steps.length > 1) {
      chart.draw({
        label: "Held-out cross-entropy in bits per letter over training steps",
        xs: steps,
        xLabel: "step",
        yLabel: "bits per letter; the training loss in its own unit",
        lines: [
          { name: "held-out cross-entropy, bits per letter", tone: 1, ys: heldOut },
          { name: `training loss (${loss.spec.name}), smoothed`, tone: 2, ys: trained },
        ],
        uprights: swaps,
        yMin: 0,
        yMax: Math.max(Math.log2(alphabet.length), ...heldOut) * 1.02,
      });
    }
    const bits = heldOut.at(-1);
    status.textContent = `Step ${whole(trainer.steps)}${bits === undefined ? "" : `: ${fixed(bits, 3)} bits per letter; guessing takes ${fixed(Math.log2(alphabet.length), 2)}`}.`;
    place.dataset.steps = String(trainer.steps);
    if (bits !== undefined) place.dataset.bits = String(bits);
  }

  async function measure(): Promise<void> {
    heldOut.push(await trainer.bits());
    steps.push(trainer.steps);
    trained.push(smooth);
  }

  /** Where the model stands before the first step. */
  async function first(): Promise<void> {
    try {
      await measure();
      writing.textContent = trainer.write(280);
      draw();
    } catch (error) {
      fail(error);
    }
  }

  function fail(error: unknown): void {
    void hold();
    trainer.forget();
    problem.hidden = false;
    problem.textContent = `Training paused: ${String(error)}`;
  }

  /** Makes steps and shows what came of them. */
  async function advance(count: number): Promise<void> {
    try {
      for (let i = 0; i < count; i++) {
        const value = await trainer.step(rate.value);
        smooth = Number.isNaN(smooth) ? value : smooth + (value - smooth) / 20;
        if (trainer.steps % MEASURE_EVERY === 0 || count === 1) await measure();
        if (trainer.steps % WRITE_EVERY === 0 || count === 1)
          writing.textContent = trainer.write(280);
        if (turns && !running) break;
      }
      problem.hidden = true;
      draw();
    } catch (error) {
      fail(error);
    }
  }

  async function train(): Promise<void> {
    await turns;
    if (running) return;
    running = true;
    play.textContent = "Pause";
    one.disabled = true;
    turns = keepOn();
    await turns;
    turns = undefined;
    one.disabled = false;
  }

  async function keepOn(): Promise<void> {
    let count = 2;
    while (running && !stopped) {
      const began = performance.now();
      await advance(count);
      const each = (performance.now() - began) / count;
      count = clamp(Math.round(TURN_MS / each), 2, 50);
      await pause();
    }
  }

  async function hold(): Promise<void> {
    running = false;
    play.textContent = "Train";
    await turns;
  }

  panel.fill(loss, [], undefined, [], () => {});
  trainer = new Trainer(loss, panel.optionsOf(loss));
  fill(
    place,
    h(
      "header",
      { class: "hero" },
      h("h1", {}, "A model that learns"),
      h(
        "p",
        {},
        `${whole(trainer.model.size)} parameters read a nursery rhyme, ${CONTEXT} letters at a time, and guess the next. Loss and gradient of the logits come from webgpu-loss; swap the loss while it trains, and watch.`,
      ),
    ),
    problem,
    h(
      "div",
      { class: "learn" },
      h(
        "div",
        { class: "sheet" },
        h("div", { class: "buttons" }, play, one, reset),
        status,
        chart.element,
        h("div", { class: "panel learn-panel" }, menu.element, rate.element),
        panel.element,
        code.element,
      ),
      h(
        "div",
        { class: "sheet" },
        h("h2", {}, "What it writes"),
        writing,
        h(
          "details",
          {},
          h("summary", {}, "What it reads"),
          h("pre", { class: "writing", tabindex: 0, "aria-label": "The text" }, text.trim()),
        ),
        h(
          "p",
          { class: "agreement" },
          `${num(alphabet.length)} letters, ${whole(text.length)} places, every seventeenth held out.`,
        ),
      ),
    ),
  );
  showCode();
  await first();
  const off = onSession(() => trainer.forget());
  return () => {
    stopped = true;
    void hold();
    off();
    trainer.forget();
  };
}
