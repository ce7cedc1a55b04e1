// The whole report, readable in a terminal and, its tables being code blocks, as Markdown.
import { figureLines, figuresOf } from "./figures.mjs";
import { align, cornerTable, groupsOf, ms, ratio, tableOf } from "./table.mjs";

const block = (lines) => ["```", ...lines, "```", ""];

export function reportOf(results) {
  const { adapter, software, commit, rows, failures, firstCall, host, product, growth, corners } =
    results;
  const lines = [`# Benchmark on ${adapter}, commit ${commit}`, ""];
  if (software) {
    lines.push(
      "> **SOFTWARE ADAPTER.** No GPU took part: these are shaders run on the CPU. Compare contenders with each",
      "> other, never with a figure from another machine. wasm and JavaScript contenders are CPU code and are at home here.",
      "",
    );
  }
  for (const [title, group] of groupsOf(rows)) {
    lines.push(`## ${title}`, "", ...block(tableOf(group)));
  }
  if (failures.length > 0) {
    lines.push("## Not timed, because not right", "");
    const wrong = failures.map(({ shape, work, contender, why }) => [shape, work, contender, why]);
    lines.push(...block(align([["shape", "work", "contender", "why"], ...wrong], 99)));
  }
  if (corners.length > 0) {
    lines.push("## At the corners", "", ...block(cornerTable(corners)));
  }
  lines.push(
    "## Around the kernel",
    "",
    `- Opening a device ${firstCall.openMs.toFixed(0)} ms, first call with compilation ${firstCall.callMs.toFixed(0)} ms, the next ${firstCall.secondMs.toFixed(1)} ms.`,
    `- Host time of one plan.run: median ${host.medianUs.toFixed(0)} us, p90 ${host.p90Us.toFixed(0)} us.`,
  );
  const percent = (share) => (100 * share).toFixed(0);
  lines.push(
    `- A similarity matrix of ${product.shape}, packing and output included: ${ms(product.productMs)} ms, ${percent(product.share)} % of the multiply-add limit's speed (p10-p90 ${percent(product.shareP10)}-${percent(product.shareP90)} %).`,
  );
  for (const { axis, points, exponent } of growth) {
    const path = points.map((p) => `${p.rows}×${p.classes} ${p.ms.toFixed(2)} ms`).join(", ");
    lines.push(`- Growth in ${axis}: exponent ${exponent.toFixed(3)} (${path}).`);
  }
  const figures = figuresOf(results);
  lines.push("", "## The figures to reach", "");
  const head = ["", "shape", "what", "by medians", "by minima", "limit", ""];
  lines.push(...block(align([head, ...figureLines(figures)], 99)));
  const missed = figures.filter(({ met }) => !met).length;
  lines.push(`${figures.length - missed} met, ${missed} missed.`, "");
  return lines.join("\n");
}

const shapeText = ({ lanes, rows, few, parts, subgroups, quads }) =>
  [
    `${lanes} × ${rows}`,
    ...(few ? ["four rows a lane"] : []),
    ...(parts > 1 ? [`${parts} parts`] : []),
    ...(subgroups ? ["subgroups"] : []),
    ...(quads ? ["quads"] : []),
  ].join(" ");

/** What the table of kernel shapes chooses, and what would be best. */
export function tuneReport({ adapter, software, tuned }) {
  const lines = tuned.map(({ rows, classes, work, chosen, chosenMs, best, bestMs, all }) => [
    `${rows}×${classes}`,
    work,
    shapeText(chosen),
    ms(chosenMs),
    shapeText(best),
    ms(bestMs),
    Number.isFinite(chosenMs) ? ratio(chosenMs / bestMs) : "over 4",
    all
      .slice(1, 4)
      .map(({ shape, ms: time }) => `${shapeText(shape)} ${ms(time)}`)
      .join(", "),
  ]);
  const head = ["problem", "work", "chosen", "ms", "best", "ms", "chosen ÷ best", "next"];
  const kind = software ? "software" : "GPU";
  return [
    `Kernel shapes on ${adapter} (${kind}), as lanes of a row × rows of a workgroup:`,
    "",
    ...align([head, ...lines], 3),
    "",
    "The choice is the table in src/gpu/rowShape.ts.",
    "",
  ].join("\n");
}
