import { chapters } from "../figures/index.js";
import { fill, h } from "../parts/dom.js";
import { param, setParams } from "../parts/router.js";
import { card, isShown } from "./figure.js";

/** The notebook: what the losses do, in pictures that are computed while you look. */
export function mount(place: HTMLElement): () => void {
  const shown = chapters
    .map(({ title, figures }) => ({ title, figures: figures.filter(isShown) }))
    .filter(({ figures }) => figures.length > 0);
  let number = 0;
  const cards = new Map(
    shown.flatMap(({ figures }) => figures).map((figure) => [figure.id, card(figure, ++number)]),
  );
  const go = (id: string): void => {
    const target = document.getElementById(`figure-${id}`);
    target?.scrollIntoView({ block: "start" });
    target?.querySelector("h2")?.focus({ preventScroll: true });
    setParams({ at: id });
  };
  const contents = h(
    "nav",
    { class: "contents", "aria-label": "Figures" },
    shown.map(({ title, figures }) => [
      h("h3", {}, title),
      h(
        "ul",
        {},
        figures.map((figure) =>
          h(
            "li",
            {},
            h(
              "a",
              {
                href: `#notebook?at=${figure.id}`,
                onclick: (event: Event) => {
                  event.preventDefault();
                  go(figure.id);
                },
              },
              figure.title,
            ),
          ),
        ),
      ),
    ]),
  );
  fill(
    place,
    h(
      "header",
      { class: "hero" },
      h("h1", {}, "A notebook that computes"),
      h(
        "p",
        {},
        "What the losses do, in live pictures. Move a slider: the numbers come from this device, and float64 checks them.",
      ),
    ),
    h(
      "div",
      { class: "notebook" },
      contents,
      h(
        "div",
        { class: "cards" },
        shown.map(({ title, figures }) => [
          h("h2", { class: "chapter" }, title),
          figures.map(({ id }) => cards.get(id)?.element),
        ]),
      ),
    ),
  );
  for (const heading of place.querySelectorAll(".card h2")) heading.setAttribute("tabindex", "-1");
  const at = param("at");
  if (at && cards.has(at)) requestAnimationFrame(() => go(at));
  return () => {
    for (const { stop } of cards.values()) stop();
  };
}
