import type { AnyLoss } from "../../index.js";
import { type Child, fill, h, latest } from "../parts/dom.js";
import { words } from "../parts/format.js";
import { losses, lossNamed } from "../parts/registry.js";
import { param, setParams } from "../parts/router.js";
import { onSession } from "../parts/session.js";
import { byTopic } from "../parts/topics.js";
import { Sheet } from "./explore/sheet.js";

/** Comparisons worth a look, shown where all their losses are. */
const starts: readonly (readonly [text: string, query: string])[] = [
  ["Robust regression", "loss=huber&with=mse,mae,logCosh"],
  ["The 90th percentile", "loss=quantile&tau=0.9&with=mae"],
  ["Focal against the crowd", "loss=sigmoidFocal&with=bceWithLogits"],
  ["Margins", "loss=hinge&with=softMargin,squaredHinge"],
  ["Noisy labels", "loss=generalizedCrossEntropy&with=crossEntropy,softmaxFocal"],
  ["A capped logit", "loss=crossEntropy&softcap=5&axis=logits.1"],
  ["A turning embedding", "loss=infoNCE&temperature=0.2"],
];
const isThere = (query: string): boolean => {
  const params = new URLSearchParams(query);
  return [params.get("loss"), ...(params.get("with")?.split(",") ?? [])].every((name) =>
    lossNamed(name ?? ""),
  );
};

const matches = ({ spec }: AnyLoss, query: string): boolean =>
  [spec.name, words(spec.name), spec.summary, ...(spec.aka ?? [])]
    .join(" ")
    .toLowerCase()
    .includes(query);

/** A name that may break between its words, where the column is too narrow. */
const breakable = (name: string): Child[] =>
  name.split(/(?=[A-Z][a-z])/).flatMap((word, i) => (i > 0 ? [h("wbr"), word] : [word]));

/** The registry as a list that can be searched, and as a menu where there is no room for one. */
function picker(pickLoss: (name: string) => void): {
  element: HTMLElement;
  mark: (name: string) => void;
} {
  const list = h("div", { class: "loss-list" });
  const items = new Map<string, HTMLButtonElement>();
  for (const [topic, members] of byTopic()) {
    list.append(
      h(
        "section",
        {},
        h("h3", {}, topic),
        members.map((loss) => {
          const { name } = loss.spec;
          const item = h(
            "button",
            { type: "button", onclick: () => pickLoss(name) },
            breakable(name),
          );
          items.set(name, item);
          return item;
        }),
      ),
    );
  }
  const search = h("input", {
    type: "search",
    placeholder: `Search ${losses.length} losses`,
    "aria-label": "Search the losses",
    oninput: () => {
      const query = search.value.trim().toLowerCase();
      for (const [name, item] of items) item.hidden = !matches(lossNamed(name) as AnyLoss, query);
      for (const section of list.querySelectorAll("section")) {
        section.hidden = !section.querySelector("button:not([hidden])");
      }
    },
  });
  const menu = h(
    "select",
    { "aria-label": "Loss", onchange: () => pickLoss(menu.value) },
    [...byTopic()].map(([topic, members]) =>
      h(
        "optgroup",
        { label: topic },
        members.map(({ spec }) => h("option", { value: spec.name }, spec.name)),
      ),
    ),
  );
  return {
    element: h("aside", { class: "picker", "aria-label": "Losses" }, search, list, menu),
    mark(name) {
      menu.value = name;
      for (const [other, item] of items) {
        if (other === name) item.setAttribute("aria-current", "true");
        else item.removeAttribute("aria-current");
      }
    },
  };
}

/** The explorer: one loss at a time, with its formula, its curve and its slope; others laid over it. */
export async function mount(place: HTMLElement): Promise<() => void> {
  const sheet = new Sheet();
  const errors = h("p", { class: "notice", role: "alert", hidden: true });
  const update = latest(
    async () => {
      errors.hidden = true;
      await sheet.update();
    },
    (error) => {
      errors.hidden = false;
      errors.textContent = String(error);
    },
  );
  sheet.changed = () => void update();
  const choose = async (name: string): Promise<void> => {
    setParams({ loss: name });
    sheet.show(lossNamed(name) as AnyLoss);
    list.mark(name);
    await update();
  };
  const list = picker((name) => void choose(name));
  const first = lossNamed(param("loss") ?? "") ?? lossNamed("crossEntropy") ?? losses[0];
  fill(
    place,
    h(
      "header",
      { class: "hero" },
      h("h1", {}, "Every loss and its gradient, exactly"),
      h(
        "p",
        {},
        "Each solid curve below is computed by ",
        h("code", {}, "webgpu-loss"),
        " on this device while you watch; the dashes over it are the float64 reference.",
      ),
      h(
        "p",
        { class: "starts" },
        starts
          .filter(([, query]) => isThere(query))
          .map(([text, query]) => h("a", { href: `#explore?${query}` }, text)),
      ),
    ),
    h(
      "div",
      { class: "explorer" },
      list.element,
      h("article", { class: "sheet" }, errors, sheet.element),
    ),
  );
  if (first) await choose(first.spec.name);
  return onSession(() => void update());
}
