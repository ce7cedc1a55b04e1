import { version } from "../../../package.json";
import { makeProblem } from "../bench/problem.js";
import { type Failed, runBench, type Timing } from "../bench/runner.js";
import { needOf, presets, tokenCounts, type Work } from "../bench/size.js";
import { Times } from "../chart/times.js";
import { clamp } from "../parts/clamp.js";
import { button, segmented, select } from "../parts/controls.js";
import { fill, h } from "../parts/dom.js";
import { bytes, fixed, milliseconds, num, tiny, whole } from "../parts/format.js";
import { record } from "../parts/report.js";
import { numberParam, param, setParams } from "../parts/router.js";
import { onSession, session } from "../parts/session.js";
import { table } from "../parts/table.js";

interface Result {
  readonly vocabulary: string;
  readonly tokens: number;
  readonly classes: number;
  readonly work: Work;
  readonly timings: readonly Timing[];
  readonly failures: readonly Failed[];
}

function download(name: string, data: unknown): void {
  const url = URL.createObjectURL(
    new Blob([JSON.stringify(data, null, 2)], { type: "application/json" }),
  );
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

function tableOf({ timings }: Result): HTMLElement {
  const loop = timings.find(({ name }) => name === "plain loop")?.medianMs;
  return table(
    "Results",
    [
      "",
      ">median",
      ">10–90 %",
      ">GPU clock",
      ">first call",
      ">GB/s",
      ">tokens/s",
      ">× plain loop",
      ">error",
    ],
    h(
      "tbody",
      {},
      timings.map((row) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, row.name),
          [
            milliseconds(row.medianMs),
            `${num(row.p10Ms, 3)} – ${num(row.p90Ms, 3)}`,
            row.gpuMs === undefined ? "" : milliseconds(row.gpuMs),
            milliseconds(row.firstMs),
            fixed(row.gigabytesPerSecond, row.gigabytesPerSecond < 10 ? 2 : 0),
            whole(row.tokensPerSecond),
            loop === undefined ? "" : num(loop / row.medianMs, 2),
            tiny(row.relativeError),
          ].map((text) => h("td", { class: "number" }, text)),
        ),
      ),
    ),
  );
}

/** The benchmark on the visitor's device: looks ahead, can be cancelled, and is handed out as JSON. */
export async function mount(place: HTMLElement): Promise<() => void> {
  const banner = h("p", { class: "notice", hidden: true });
  const need = h("p", { class: "need", role: "status" });
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Progress of the benchmark" });
  const doing = h("p", { class: "doing", role: "status" });
  const results = h("div", { class: "results" });
  const times = new Times();
  let running: AbortController | undefined;

  const preset = select({
    label: "Vocabulary",
    value:
      presets.some(({ id }) => id === param("preset")) || param("preset") === "custom"
        ? (param("preset") as string)
        : "gpt2",
    options: [
      ...presets.map(({ id, name, classes }) => ({
        value: id,
        text: `${name}, ${whole(classes)} classes`,
      })),
      { value: "custom", text: "Custom" },
    ],
    change: () => changed(),
  });
  const size = h("input", {
    type: "number",
    id: "bench-classes",
    min: 2,
    max: 1_000_000,
    value: numberParam("classes", 32000, 2, 1e6),
    oninput: () => changed(),
  });
  const custom = h(
    "div",
    { class: "control" },
    h("label", { for: "bench-classes" }, "Classes"),
    size,
  );
  const software = (await session()).backend.info.software;
  const tokens = select({
    label: "Tokens",
    value: String(
      tokenCounts.find((count) => count === numberParam("tokens", 0)) ?? (software ? 16 : 512),
    ),
    options: tokenCounts.map(String),
    change: () => changed(),
  });
  const work = segmented({
    label: "What is computed",
    value: param("work") === "loss" ? "loss" : "loss+gradient",
    options: [
      { value: "loss+gradient", text: "loss and gradient" },
      { value: "loss", text: "loss alone" },
    ],
    change: () => changed(),
  });
  const start = button("Run the benchmark", () => void run(), "primary");
  const cancel = button("Cancel", () => running?.abort());
  cancel.disabled = true;

  const chosen = () => {
    const known = presets.find(({ id }) => id === preset.value);
    return {
      name: known?.name ?? "custom",
      classes: known?.classes ?? clamp(Math.round(Number(size.value)) || 2, 2, 1e6),
      rows: Number(tokens.value),
      work: work.value as Work,
    };
  };

  async function changed(): Promise<void> {
    const { backend } = await session();
    const { classes, rows, work: what } = chosen();
    custom.hidden = preset.value !== "custom";
    setParams({
      preset: preset.value === "gpt2" ? undefined : preset.value,
      classes: preset.value === "custom" ? String(classes) : undefined,
      tokens: tokens.value,
      work: what === "loss" ? "loss" : undefined,
    });
    const { device, host, refusal, unfused, elements } = needOf(backend, rows, classes, what);
    fill(
      need,
      `${whole(rows)} × ${whole(classes)} = ${whole(elements)} logits. Memory: `,
      device > 0 ? `${bytes(device)} on the GPU, ` : "",
      `${bytes(host)} in the tab. `,
      refusal ? h("b", { class: "bad" }, `Refused: ${refusal}`) : unfused,
    );
    start.disabled = refusal !== undefined || running !== undefined;
    banner.hidden = !(backend.info.software && backend.kind === "webgpu") && backend.kind !== "cpu";
    banner.textContent =
      backend.kind === "cpu"
        ? "There is no GPU here: the library's CPU path (float64) runs against a plain loop."
        : "This is a software adapter: it computes on the CPU, and the numbers say nothing about a GPU.";
  }

  async function run(): Promise<void> {
    const { backend } = await session();
    const { name, classes, rows, work: what } = chosen();
    const ahead = needOf(backend, rows, classes, what);
    if (ahead.refusal) return;
    running = new AbortController();
    const { signal } = running;
    start.disabled = true;
    cancel.disabled = false;
    place.dataset.state = "running";
    const began = performance.now();
    try {
      doing.textContent = "Making the logits…";
      bar.value = 0;
      const problem = await makeProblem(`${name} ${rows}×${classes}`, rows, classes, signal);
      const { timings, failures } = await runBench(
        problem,
        what,
        ahead,
        backend.kind === "webgpu",
        signal,
        (progress) => {
          bar.value = progress.share;
          doing.textContent = progress.doing;
        },
      );
      show({ vocabulary: name, tokens: rows, classes, work: what, timings, failures });
      doing.textContent = `Done in ${milliseconds(performance.now() - began)}.`;
      place.dataset.state = "done";
    } catch (error) {
      doing.textContent = signal.aborted ? "Cancelled." : `Stopped: ${String(error)}`;
      bar.value = 0;
      place.dataset.state = signal.aborted ? "cancelled" : "failed";
    } finally {
      running = undefined;
      cancel.disabled = true;
      await changed();
    }
  }

  function show(result: Result): void {
    const { timings, failures } = result;
    record("benchmark", result);
    times.draw(
      timings.map(({ name, ours, p10Ms, medianMs, p90Ms }) => ({
        name,
        ours,
        low: p10Ms,
        middle: medianMs,
        high: p90Ms,
      })),
    );
    const save = button("Download JSON", () => void downloadAll(result));
    fill(
      results,
      h(
        "h2",
        {},
        `${result.vocabulary}: ${whole(result.tokens)} tokens of ${whole(result.classes)} classes`,
      ),
      times.element,
      tableOf(result),
      failures.map(({ name, why }) => h("p", { class: "notice" }, `${name} sat out: ${why}`)),
      save,
    );
  }

  async function downloadAll(result: Result): Promise<void> {
    const { backend } = await session();
    const device = {
      backend: backend.kind,
      adapter: backend.info.name,
      software: backend.info.software,
    };
    download(
      `webgpu-loss-${result.vocabulary}-${result.tokens}.json`.toLowerCase().replaceAll(" ", "-"),
      {
        library: `webgpu-loss ${version}`,
        ...device,
        browser: navigator.userAgent,
        time: new Date().toISOString(),
        ...result,
      },
    );
  }

  fill(
    place,
    h(
      "header",
      { class: "hero" },
      h("h1", {}, "How fast is it here?"),
      h(
        "p",
        {},
        "Cross-entropy over a large vocabulary: this library, the same in separate passes, and a plain loop on the CPU. Each is checked before it is timed.",
      ),
    ),
    banner,
    h(
      "form",
      { class: "panel", onsubmit: (event: Event) => event.preventDefault() },
      preset.element,
      custom,
      tokens.element,
      work.element,
    ),
    need,
    h("div", { class: "buttons" }, start, cancel),
    bar,
    doing,
    results,
  );
  await changed();
  const stop = onSession(() => void changed());
  return () => {
    running?.abort();
    stop();
  };
}
