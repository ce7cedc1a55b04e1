import type { AnyLoss } from "../../index.js";
import { tolerances } from "../../verify.js";
import { judge, type Verdict } from "../check/judge.js";
import { button } from "../parts/controls.js";
import { fill, h, idle } from "../parts/dom.js";
import { tiny } from "../parts/format.js";
import { losses, runsOn } from "../parts/registry.js";
import { record } from "../parts/report.js";
import { param } from "../parts/router.js";
import { onSession, session } from "../parts/session.js";
import { Group, here } from "./check/group.js";

const WORKERS = 4;
/** Work between two looks at what else the page has to do. */
const SLICE_MS = 40;

const describe = ({ spec }: AnyLoss, { check, error, worst }: Verdict): string =>
  `${spec.name}: ${check.title}, ${check.storage}: ${error ?? JSON.stringify(worst)}`;

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
  const asked = groups.find(({ loss }) => loss.spec.name === param("loss"));
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
          if (asked === group && verdicts.length === Number(param("case")))
            group.open(param("case"));
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
      ` on ${where}`,
      groups
        .filter(({ element }) => element.dataset.state === "failed")
        .map((group, i) => [
          i > 0 ? ", " : ": ",
          here(`loss=${group.loss.spec.name}`, group.loss.spec.name, () => group.open()),
        ]),
      ".",
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
  if (asked) requestAnimationFrame(() => asked.open());
  void run();
  const stop = onSession(() => void run());
  return () => {
    turn += 1;
    stop();
  };
}
