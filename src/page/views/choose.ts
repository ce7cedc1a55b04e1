import type { AnyLoss } from "../../index.js";
import { Code } from "../parts/code.js";
import { fill, h } from "../parts/dom.js";
import { lossNamed } from "../parts/registry.js";
import { param, setParams } from "../parts/router.js";
import { snippetOf } from "../parts/snippet.js";
import { toMathML } from "../parts/tex.js";
import { type Answer, type Branch, tree } from "./choose/tree.js";
import { ticked } from "./explore/sheet.js";

const present = ({ losses }: Answer): AnyLoss[] =>
  (losses ?? []).map(lossNamed).filter((loss): loss is AnyLoss => loss !== undefined);

/** An answer that ends on losses which this build does not have is no answer. */
const isOpen = (answer: Answer): boolean => answer.next !== undefined || present(answer).length > 0;

function result(answer: Answer): HTMLElement {
  const [best, ...others] = present(answer) as [AnyLoss, ...AnyLoss[]];
  const { spec } = best;
  const options = Object.fromEntries(
    Object.entries(answer.options ?? {}).filter(([name]) => name in spec.options),
  );
  const query = Object.entries({ loss: spec.name, ...options }).map(
    ([name, value]) => `${name}=${value}`,
  );
  const formula = h("div", {
    class: "formula",
    tabindex: 0,
    role: "group",
    "aria-label": "Formula",
  });
  formula.innerHTML = toMathML(spec.formula);
  return h(
    "article",
    { class: "card chosen", "aria-label": `Take ${spec.name}` },
    h("h2", { tabindex: -1 }, spec.name),
    h("p", { class: "summary" }, ticked(spec.summary)),
    h("p", {}, answer.because),
    formula,
    new Code(snippetOf(best, options)).element,
    h("p", {}, h("a", { href: `#explore?${query.join("&")}` }, `See ${spec.name} move`)),
    others.length > 0 &&
      h(
        "p",
        { class: "agreement" },
        "Also worth a look: ",
        others.map((other, i) => [
          i > 0 ? ", " : "",
          h("a", { href: `#explore?loss=${other.spec.name}` }, other.spec.name),
        ]),
        ".",
      ),
  );
}

/** Which loss? A few questions that end on a card with a snippet; the path is in the address. */
export function mount(place: HTMLElement): () => void {
  const steps = h("div", { class: "steps" });
  let path = (param("path") ?? "").split(".").filter(Boolean).map(Number);

  function show(focusLast: boolean): void {
    const parts: HTMLElement[] = [];
    let branch: Branch | undefined = tree;
    let ended: Answer | undefined;
    for (let depth = 0; branch; depth++) {
      const here: Branch = branch;
      const taken: number | undefined = path[depth];
      const answer: Answer | undefined = taken === undefined ? undefined : here.answers[taken];
      parts.push(
        h(
          "section",
          { class: "step", "aria-label": here.question },
          h("h2", { tabindex: -1 }, here.question),
          h(
            "div",
            { class: "answers" },
            here.answers.map((one, i) =>
              isOpen(one)
                ? h(
                    "button",
                    {
                      type: "button",
                      class: "answer",
                      "aria-pressed": String(i === taken),
                      onclick: () => {
                        path = [...path.slice(0, depth), i];
                        setParams({ path: path.join(".") });
                        show(true);
                      },
                    },
                    one.text,
                  )
                : undefined,
            ),
          ),
        ),
      );
      if (answer && !answer.next && present(answer).length > 0) ended = answer;
      branch = answer?.next;
    }
    if (ended) parts.push(result(ended));
    fill(steps, parts);
    const last = parts.at(-1);
    if (focusLast) {
      last?.querySelector("h2")?.focus({ preventScroll: true });
      last?.scrollIntoView({ block: "nearest" });
    }
  }

  fill(
    place,
    h(
      "header",
      { class: "hero" },
      h("h1", {}, "Which loss?"),
      h("p", {}, "Two questions, and a snippet to begin with."),
    ),
    steps,
  );
  show(false);
  return () => {};
}
