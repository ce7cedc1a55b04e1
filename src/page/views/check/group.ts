import type { AnyLoss } from "../../../index.js";
import type { Worst } from "../../../verify.js";
import { type Check, checksOf } from "../../check/cases.js";
import type { Verdict } from "../../check/judge.js";
import { fill, h } from "../../parts/dom.js";
import { num, tiny } from "../../parts/format.js";
import { param, setParams } from "../../parts/router.js";
import { worse } from "../../parts/run.js";
import { table } from "../../parts/table.js";

/** A link to a place in this view, which does not begin anew when it is followed. */
export const here = (query: string, text: string, follow: () => void): HTMLElement =>
  h(
    "a",
    {
      href: `#check?${query}`,
      onclick: (event: Event) => {
        event.preventDefault();
        follow();
        setParams(Object.fromEntries(new URLSearchParams(query)));
      },
    },
    text,
  );

/** The rows of one loss: a line that sums up, and the cases behind it. */
export class Group {
  readonly loss: AnyLoss;
  readonly checks: readonly Check[];
  readonly element: HTMLDetailsElement;
  readonly #mark = h("span", { class: "verdict" });
  readonly #sum = h("span", { class: "check-sum" });
  readonly #body = h("tbody");
  constructor(loss: AnyLoss) {
    this.loss = loss;
    this.checks = checksOf(loss);
    const { name } = loss.spec;
    const head = ["case", "storage", "device", "float64", "worst error", "allowed", "verdict"];
    this.element = h(
      "details",
      { class: "check", id: `check-${name}`, "data-state": "waiting" },
      h("summary", {}, this.#mark, h("b", {}, name), this.#sum),
      table(`Checks of ${name}`, head, this.#body),
    );
    this.element.addEventListener("toggle", () => {
      if (this.element.open && param("loss") !== name) setParams({ loss: name, case: undefined });
    });
  }

  wait(text: string): void {
    this.element.dataset.state = "waiting";
    fill(this.#mark, "·");
    fill(this.#sum, text);
    fill(this.#body);
  }

  show(verdicts: readonly Verdict[]): void {
    const failed = verdicts.filter(({ ok }) => !ok).length;
    const worst = verdicts.reduce<Worst | undefined>(
      (sum, one) => worse(sum, one.worst),
      undefined,
    );
    const done = verdicts.length === this.checks.length;
    this.element.dataset.state = failed > 0 ? "failed" : done ? "passed" : "running";
    fill(this.#mark, failed > 0 ? "✗" : done ? "✓" : "·");
    fill(
      this.#sum,
      failed > 0
        ? `${failed} of ${verdicts.length} checks fail`
        : `${verdicts.length} of ${this.checks.length}${worst ? `, worst ${tiny(worst.error)} of ${tiny(worst.allowed)}` : ""}`,
    );
    this.#sum.style.setProperty("--used", String(Math.min(worst?.used ?? 0, 1)));
    const last = verdicts.at(-1);
    if (last) this.#body.append(this.#row(last, verdicts.length));
  }

  /** Opens the rows; `number` is the one that is asked for. */
  open(number?: string): void {
    this.element.open = true;
    const row = number && this.#body.querySelector(`[data-case="${Number(number)}"]`);
    (row || this.element).scrollIntoView({ block: row ? "center" : "start" });
  }

  #row({ check, worst, got, expected, error, ok }: Verdict, number: number): HTMLElement {
    const { name } = this.loss.spec;
    return h(
      "tr",
      { class: ok ? "" : "failed", "data-case": number },
      h(
        "th",
        { scope: "row" },
        ok ? check.title : here(`loss=${name}&case=${number}`, check.title, () => {}),
      ),
      h("td", {}, check.storage),
      error
        ? h("td", { colspan: 4 }, error)
        : [
            h("td", {}, num(got, 6)),
            h("td", {}, num(expected, 6)),
            h(
              "td",
              {},
              worst ? `${tiny(worst.error)} in ${worst.path.replace("gradients.", "∂")}` : "",
            ),
            h("td", {}, worst ? tiny(worst.allowed) : ""),
          ],
      h("td", { class: ok ? "good" : "bad" }, ok ? "passes" : "fails"),
    );
  }
}
