import { copy } from "../parts/code.js";
import { segmented } from "../parts/controls.js";
import { fill, h } from "../parts/dom.js";
import { bytes, whole, words } from "../parts/format.js";
import { limitNames, reportText } from "../parts/report.js";
import {
  choose,
  type Loss,
  onLoss,
  onSession,
  type Session,
  session,
  wished,
} from "../parts/session.js";

const features: readonly [name: string, text: string, what: string][] = [
  ["shader-f16", "f16", "Arithmetic in half precision; storage in f16 works without it."],
  ["subgroups", "subgroups", "Lanes exchange numbers without memory."],
  ["timestamp-query", "timestamps", "The GPU's own clock, for the benchmark."],
];

function kindOf({ backend }: Session): string {
  if (backend.kind === "cpu") return "float64 on the CPU";
  return backend.info.software ? "software adapter" : "hardware adapter";
}

function limitText(name: string, value: number | undefined): string {
  if (value === undefined) return "not known";
  return /Size$/.test(name) && !/WorkgroupSize/.test(name) ? bytes(value) : whole(value);
}

function details(now: Session): HTMLElement {
  const { backend } = now;
  const rows = limitNames.map((name) => [
    words(name.replace("max", "")),
    limitText(name, backend.limits[name]),
  ]);
  const wish = segmented({
    label: "Compute on",
    value: wished() === "cpu" ? "cpu" : "auto",
    options: [
      { value: "auto", text: "GPU" },
      { value: "cpu", text: "CPU" },
    ],
    change: (value) => void choose(value === "cpu" ? "cpu" : "auto"),
  });
  return h(
    "div",
    { class: "status-details" },
    now.diagnosis ? undefined : wish.element,
    backend.kind === "cpu"
      ? h(
          "p",
          {},
          "The CPU path is the library's float64 reference: the same functions, the same numbers, slower.",
        )
      : [
          h(
            "dl",
            { class: "facts" },
            rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
          ),
          h(
            "ul",
            { class: "features" },
            features.map(([name, text, what]) =>
              h(
                "li",
                {},
                h("b", {}, `${text}: ${backend.features.has(name) ? "yes" : "no"}`),
                " ",
                what,
              ),
            ),
          ),
        ],
  );
}

function show(place: HTMLElement, now: Session): void {
  const { backend, diagnosis } = now;
  const isGpu = backend.kind === "webgpu";
  const lamp = isGpu ? (backend.info.software ? "software" : "on") : "off";
  const copyButton = h("button", { type: "button", class: "quiet" }, "Copy report");
  copyButton.addEventListener(
    "click",
    () => void reportText().then((text) => copy(text, copyButton)),
  );
  const panel = details(now);
  panel.hidden = place.querySelector(".status-details")?.hasAttribute("hidden") ?? true;
  const more = h(
    "button",
    {
      type: "button",
      class: "quiet",
      "aria-expanded": String(!panel.hidden),
      onclick: () => {
        panel.hidden = !panel.hidden;
        more.setAttribute("aria-expanded", String(!panel.hidden));
      },
    },
    "Device",
  );
  fill(
    place,
    diagnosis
      ? h(
          "div",
          { class: "notice no-gpu" },
          h("p", {}, h("strong", {}, `${diagnosis.title}. `), diagnosis.fix),
          h("p", {}, "Everything below runs on the CPU path instead."),
        )
      : undefined,
    h(
      "div",
      { class: "status-line" },
      h("span", { class: `lamp ${lamp}`, "aria-hidden": "true" }),
      h("b", {}, isGpu ? "WebGPU" : "CPU"),
      isGpu ? h("span", {}, backend.info.name) : undefined,
      h("span", {}, kindOf(now)),
      isGpu
        ? features.map(([name, text]) =>
            h("span", { class: backend.features.has(name) ? "" : "absent" }, text),
          )
        : undefined,
      isGpu
        ? h("span", {}, `binding ${limitText("Size", backend.limits.maxStorageBufferBindingSize)}`)
        : undefined,
      isGpu
        ? h("span", {}, `${backend.limits.maxComputeInvocationsPerWorkgroup} lanes`)
        : undefined,
      h("span", { class: "status-buttons" }, more, copyButton),
    ),
    panel,
  );
  place.dataset.backend = backend.kind;
}

function notice(place: HTMLElement, loss: Loss): void {
  const close = h("button", { type: "button", class: "quiet" }, "Dismiss");
  const box = h(
    "div",
    { class: "notice lost", role: "alert" },
    h(
      "p",
      {},
      h("strong", {}, "The GPU device was lost"),
      loss.message ? ` (${loss.message}). ` : ". ",
      loss.recovered
        ? "A new one is open; everything has been computed again."
        : "No new one could be opened: the page goes on on the CPU.",
    ),
    close,
  );
  close.addEventListener("click", () => box.remove());
  fill(place, box);
}

/** The line under the header: where this page computes. It is never blank. */
export async function mountStatus(place: HTMLElement, notices: HTMLElement): Promise<void> {
  onSession((now) => show(place, now));
  onLoss((loss) => notice(notices, loss));
  show(place, await session());
}
