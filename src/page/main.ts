import { version } from "../../package.json";
import { segmented } from "./parts/controls.js";
import { fill, h } from "./parts/dom.js";
import { losses } from "./parts/registry.js";
import { readRoute } from "./parts/router.js";
import { restoreTheme, setTheme, type Theme, theme } from "./parts/theme.js";
import { mount as explore } from "./views/explore.js";
import { mountStatus } from "./views/status.js";

/** A view draws itself into its place and hands back how to stop. */
type Mount = (place: HTMLElement) => (() => void) | Promise<() => void>;
type Later = keyof typeof import("./views/later.js");

const titles: Readonly<Record<string, string>> = {
  explore: "Explore",
  notebook: "Notebook",
  choose: "Choose",
  check: "Check",
  bench: "Measure",
  learn: "Learn",
  gpu: "Use",
} satisfies Record<Later | "explore", string>;

const mountOf = async (name: string): Promise<Mount> =>
  name === "explore" ? explore : (await import("./views/later.js"))[name as Later];

const main = document.getElementById("main") as HTMLElement;
const nav = document.getElementById("views") as HTMLElement;
let stop: (() => void) | undefined;
let turn = 0;

async function show(): Promise<void> {
  const { view } = readRoute();
  const name = titles[view] ? view : "explore";
  for (const link of nav.querySelectorAll("a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${titles[name]} · webgpu-loss`;
  stop?.();
  stop = undefined;
  turn += 1;
  const mine = turn;
  delete document.documentElement.dataset.ready;
  const place = h("div", { class: `view view-${name}` });
  try {
    const mount = await mountOf(name);
    if (mine !== turn) return;
    fill(main, place);
    const ended = await mount(place);
    if (mine === turn) stop = ended;
    else ended();
  } catch (error) {
    fill(
      main,
      h("p", { class: "notice", role: "alert" }, `This view could not be drawn: ${String(error)}`),
    );
  }
  if (mine === turn) document.documentElement.dataset.ready = name;
}

restoreTheme();
fill(
  nav,
  Object.entries(titles).map(([name, title]) =>
    h("a", { href: `#${name}`, "data-view": name }, title),
  ),
);
const themes = segmented({
  label: "Theme",
  value: theme(),
  options: [
    { value: "auto", text: "Auto" },
    { value: "light", text: "Light" },
    { value: "dark", text: "Dark" },
  ],
  change: (value) => setTheme(value as Theme),
});
document.getElementById("theme")?.append(themes.element);
fill(
  document.getElementById("foot") as HTMLElement,
  h("p", {}, `webgpu-loss ${version} · ${losses.length} losses · no dependencies · MIT`),
  h("p", {}, "Nothing leaves this page: all numbers are computed on your device."),
);

let shown = "";
addEventListener("hashchange", () => {
  const { view } = readRoute();
  void show();
  // A new view begins at its top; a link within one does not move the reader.
  if (view !== shown) main.focus({ preventScroll: false });
  shown = view;
});
shown = readRoute().view;
void mountStatus(
  document.getElementById("status") as HTMLElement,
  document.getElementById("notices") as HTMLElement,
);
void show();
