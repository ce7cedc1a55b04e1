import { type AnyLoss, type Backend, type Tensor, tensor } from "../../index.js";
import { tolerances, verify, type Worst } from "../../verify.js";
import { type Check, checksOf } from "../check/cases.js";
import { Random } from "../check/random.js";
import { button } from "../parts/controls.js";
import { fill, h, idle } from "../parts/dom.js";
import { num, tiny } from "../parts/format.js";
import { losses, runsOn } from "../parts/registry.js";
import { record } from "../parts/report.js";
import { param, setParams } from "../parts/router.js";
import { onSession, type Session, session } from "../parts/session.js";

const WORKERS = 4;
/** Work between two looks at what else the page has to do. */
const SLICE_MS = 40;

interface Verdict {
  readonly check: Check;
  readonly worst: Worst | undefined;
  readonly got: number;
  readonly expected: number;
  readonly error: string | undefined;
  readonly ok: boolean;
}

/** A function that is no loss gets a factor per output: with ones the gradients of a softmax would be zero. */
async function addUpstream(
  loss: AnyLoss,
  inputs: readonly unknown[],
  options: Record<string, unknown>,
  reference: Backend,
): Promise<void> {
  const result = await loss(...([...inputs, { backend: reference }] as never[]));
  const { shape, size } = (result as unknown as { output: Tensor }).output;
  const random = new Random(loss.spec.name);
  options.upstream = tensor(
    Float32Array.from({ length: size }, () => random.normal(1)),
    shape,
  );
}

async function judge(
  loss: AnyLoss,
  check: Check,
  { backend, reference }: Session,
): Promise<Verdict> {
  try {
    const { inputs, options } = check.make();
    if (loss.spec.result) await addUpstream(loss, inputs, options, reference);
    const { ok, worst, got, expected } = await verify(loss, inputs, options, backend, reference);
    const value = loss.spec.result ?? "loss";
    return {
      check,
      worst: worst[0],
      got: got[value]?.[0] ?? Number.NaN,
      expected: expected[value]?.[0] ?? Number.NaN,
      error: undefined,
      ok,
    };
  } catch (error) {
    return {
      check,
      worst: undefined,
      got: Number.NaN,
      expected: Number.NaN,
      error: String(error),
      ok: false,
    };
  }
}

const describe = ({ spec }: AnyLoss, { check, error, worst }: Verdict): string =>
  `${spec.name}: ${check.title}, ${check.storage}: ${error ?? JSON.stringify(worst)}`;

/** The rows of one loss: a line that sums up, and the cases behind it. */
class Group {
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
      h(
        "div",
        { class: "scroll", tabindex: 0, role: "region", "aria-label": `Checks of ${name}` },
        h(
          "table",
          {},
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              head.map((text) => h("th", { scope: "col" }, text)),
            ),
          ),
          this.#body,
        ),
      ),
    );
    this.element.addEventListener("toggle", () => {
      if (this.element.open) setParams({ loss: name });
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
    const used = Math.max(0, ...verdicts.map(({ worst }) => worst?.used ?? 0));
    const done = verdicts.length === this.checks.length;
    this.element.dataset.state = failed > 0 ? "failed" : done ? "passed" : "running";
    fill(this.#mark, failed > 0 ? "✗" : done ? "✓" : "·");
    fill(
      this.#sum,
      failed > 0
        ? `${failed} of ${verdicts.length} checks fail`
        : `${verdicts.length} of ${this.checks.length} checks, ${num(100 * used, 2)} % of the tolerance used`,
    );
    const last = verdicts.at(-1);
    if (last) this.#body.append(this.#row(last));
  }

  #row({ check, worst, got, expected, error, ok }: Verdict): HTMLElement {
    return h(
      "tr",
      { class: ok ? "" : "failed" },
      h("th", { scope: "row" }, check.title),
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

const rule = (
  { absolute, relative }: { absolute: number; relative: number },
  scale: string,
): string => `${tiny(absolute)}${scale} + ${tiny(relative)} × |expected|`;

/** Correctness: every loss on this device against float64, in slices while the page stays alive. */
export async function mount(place: HTMLElement): Promise<() => void> {
  const groups = losses.map((loss) => new Group(loss));
  const count = groups.reduce((sum, { checks }) => sum + checks.length, 0);
  const bar = h("progress", { max: count, value: 0, "aria-label": "Checks done" });
  const summary = h("p", { class: "check-summary", role: "status" });
  const again = button("Run again", () => void run(), "primary");
  const onlyFailed = h("input", {
    type: "checkbox",
    onchange: () => list.classList.toggle("only-failed", onlyFailed.checked),
  });
  const list = h(
    "div",
    { class: "check-list" },
    groups.map(({ element }) => element),
  );
  let turn = 0;

  async function run(): Promise<void> {
    turn += 1;
    const mine = turn;
    const now = await session();
    place.dataset.state = "running";
    delete place.dataset.failed;
    const waitText = ({ loss }: Group) =>
      runsOn(loss.spec, now.backend.kind)
        ? "waiting"
        : "exists on the CPU alone: it is the reference";
    for (const group of groups) group.wait(waitText(group));
    let passed = 0;
    const failures: string[] = [];
    const runnable = groups.filter(({ loss }) => runsOn(loss.spec, now.backend.kind));
    let done = count - runnable.reduce((sum, { checks }) => sum + checks.length, 0);
    let slice = performance.now();
    const queue = [...runnable];
    // Most of the time goes into compiling shaders, which browsers do beside each other.
    const worker = async (): Promise<void> => {
      for (let group = queue.shift(); group; group = queue.shift()) {
        const verdicts: Verdict[] = [];
        for (const check of group.checks) {
          if (performance.now() - slice > SLICE_MS) {
            await idle();
            slice = performance.now();
          }
          if (mine !== turn) return;
          const verdict = await judge(group.loss, check, now);
          if (mine !== turn) return;
          verdicts.push(verdict);
          group.show(verdicts);
          done += 1;
          if (verdict.ok) passed += 1;
          else failures.push(describe(group.loss, verdict));
          bar.value = done;
          summary.textContent = `${done} of ${count} checks${failures.length > 0 ? `, ${failures.length} failed` : ""}…`;
        }
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, worker));
    if (mine !== turn) return;
    const failed = failures.length;
    const where = now.backend.kind === "webgpu" ? now.backend.info.name : "the CPU path";
    fill(
      summary,
      failed === 0
        ? h("b", { class: "good" }, `All ${passed} checks pass`)
        : h("b", { class: "bad" }, `${failed} of ${passed + failed} checks fail`),
      ` on ${where}.`,
      now.backend === now.reference
        ? " There is no GPU to compare with, so float64 is compared with itself."
        : "",
    );
    bar.value = count;
    record("correctness", { passed, failed, failures });
    place.dataset.failed = String(failed);
    place.dataset.state = "done";
  }

  fill(
    place,
    h(
      "header",
      { class: "hero" },
      h("h1", {}, "Is it right on your device?"),
      h(
        "p",
        {},
        "Every loss and every gradient, against float64 on the CPU: odd sizes, half formats, rows that are all ignored, logits of ±10⁴ and −∞, fifty thousand classes.",
      ),
    ),
    h("div", { class: "run-line" }, summary, again),
    bar,
    h(
      "p",
      { class: "agreement" },
      `A value may be off by ${rule(tolerances.value, "")}; a gradient by ${rule(tolerances.gradient, " of the largest")}.`,
    ),
    h("label", { class: "only" }, onlyFailed, "Show failures only"),
    list,
  );
  const at = param("loss");
  const target = at ? document.getElementById(`check-${at}`) : null;
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    requestAnimationFrame(() => target.scrollIntoView({ block: "start" }));
  }
  void run();
  const stop = onSession(() => void run());
  return () => {
    turn += 1;
    stop();
  };
}
