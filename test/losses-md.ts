import { readFileSync } from "node:fs";
import type { AnyLoss } from "../src/define.js";
import * as library from "../src/losses/index.js";
import type { ReductionName } from "../src/reduction.js";
import type { InputRole, LossSpec, OptionSpec } from "../src/spec.js";

/** Every loss and function of the registry. */
export const specs: readonly LossSpec[] = (Object.values(library) as unknown as AnyLoss[]).map(
  ({ spec }) => spec,
);

/** What each reduction divides the sum of mask × sampleWeight × loss by. */
const reductions: Readonly<Record<ReductionName, string>> = {
  none: "nothing: every loss is kept",
  sum: "nothing",
  mean: "the sum of mask × class weight over the rows that count, as PyTorch",
  meanCount: "the number of all rows, ignored ones included",
  weightedMean: "the sum of mask × sampleWeight × class weight",
  tokenMean: "the sum of the mask over the rows that count",
  sequenceMean: "per sequence (last axis) the sum of the mask; then the mean over the sequences",
  batchMean: "the first extent of the losses' shape",
};

/** The families in the order of the page, with what their inputs look like where a loss says nothing else. */
const families: Readonly<Record<string, { title: string; shape?: (role: InputRole) => string }>> = {
  row: {
    title: "Rows of classes",
    shape: (role) => (role === "labels" ? "(…) class numbers" : "(…, classes)"),
  },
  elementwise: { title: "Element-wise", shape: () => "(…)" },
  pairwise: { title: "Pairs of vectors" },
  preference: { title: "Preference" },
  generative: { title: "Generative", shape: () => "(samples, …)" },
  detection: { title: "Detection and segmentation", shape: () => "(samples, …)" },
  reduction: { title: "Reductions and combination" },
};

const gradientWords: Readonly<Record<InputRole, string>> = {
  wrt: "yes",
  asked: "when named",
  data: "no",
  labels: "no",
};

/** Words inside a table cell. */
const cell = (text: string): string => text.replaceAll("|", "\\|");
const row = (...cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(...head), row(...head.map(() => "---")), ...rows.map((cells) => row(...cells))].join("\n");
const code = (text: string): string => `\`${text}\``;

function shapeOf(spec: LossSpec, name: string, role: InputRole): string {
  const shape = spec.shapes?.[name] ?? families[spec.family]?.shape?.(role);
  if (!shape) throw new Error(`${spec.name}: its spec does not say what shape ${name} has`);
  return shape;
}

/** "above 0, at most 1" */
function rangeOf(option: OptionSpec): string {
  const words = "values" in option ? option.values.map((value) => `"${value}"`).join(", ") : "";
  const bounds = option as { above?: number; min?: number; max?: number; below?: number };
  const parts = [
    words,
    "tensor" in option ? option.tensor : "",
    bounds.above === undefined ? "" : `above ${bounds.above}`,
    bounds.min === undefined ? "" : `at least ${bounds.min}`,
    bounds.below === undefined ? "" : `below ${bounds.below}`,
    bounds.max === undefined ? "" : `at most ${bounds.max}`,
  ];
  const gradient = "role" in option && (option.role === "wrt" || option.role === "asked");
  return [...parts, gradient ? "has a gradient" : ""].filter(Boolean).join("; ");
}

function defaultOf({ default: value }: OptionSpec): string {
  if (value === undefined || value === null) return "none";
  return code(typeof value === "string" ? `"${value}"` : String(value));
}

/** A value as one writes it. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([name, item]) => `${name}: ${literal(item)}`);
    return `{ ${entries.join(", ")} }`;
  }
  return typeof value === "string" ? `"${value}"` : String(value);
}

function caseOf({ name, cases, result }: LossSpec): string {
  const [first] = cases;
  if (!first) throw new Error(`${name}: its spec has no worked case`);
  const args = [...first.args, ...(first.options ? [first.options] : [])].map(literal);
  const line = `const { ${result ?? "loss"} } = await ${name}(${args.join(", ")});`;
  return ["```ts", line, `// ${result ?? "loss"}: ${literal(first.loss)}`, "```"].join("\n");
}

function reductionsOf({ reductions: known, result }: LossSpec): string {
  if (result === "output") return "None: its values are `output`, gradients are for `upstream`.";
  return known ? `Reduction: ${known.map(code).join(", ")}.` : "";
}

function sectionOf(spec: LossSpec): string {
  const { name, aka, summary, formula, inputs, options, outputs, reference } = spec;
  const inputRows = Object.entries(inputs).map(([input, role]) => [
    code(input),
    shapeOf(spec, input, role),
    gradientWords[role],
  ]);
  const optionRows = Object.entries(options).map(([option, known]) => [
    code(option),
    defaultOf(known),
    rangeOf(known),
    known.doc,
  ]);
  const outputRows = Object.entries(outputs ?? {}).map(([output, doc]) => [code(output), doc]);
  return [
    `### ${name}`,
    summary,
    aka ? `Also known as ${aka.join(", ")}.` : "",
    `$$${formula}$$`,
    table(["input", "shape", "gradient"], inputRows),
    optionRows.length > 0 ? table(["option", "default", "values", ""], optionRows) : "",
    outputRows.length > 0 ? table(["further output", ""], outputRows) : "",
    [reductionsOf(spec), spec.gpu ? "" : "On the CPU alone."].filter(Boolean).join(" "),
    caseOf(spec),
    `Reference: ${reference}`,
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** The sentences above the members of an interface in a source file: its one home. */
function membersOf(file: string, name: string): string[][] {
  const text = readFileSync(file, "utf8");
  const body = text.slice(text.indexOf(`interface ${name}`)).split("\n}\n")[0] ?? "";
  const members = body.matchAll(/\/\*\* (.+?) \*\/\n\s+readonly (\w+)\??:/g);
  return [...members].map(([, sentence, member]) => [code(member as string), sentence as string]);
}

/** The doc comment above an exported name: its sentences, and its examples. */
export function docOf(source: string, name: string): { sentence: string; examples: string[] } {
  const declared = source.search(
    new RegExp(`^export (?:async )?(?:const|function|class) ${name}\\b`, "m"),
  );
  const above = source.slice(0, Math.max(declared, 0));
  const comment = above.match(/\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*$/)?.[0] ?? "";
  const lines = comment.split("\n").map((line) => line.replace(/^\s*(?:\/\*\*|\*\/|\*) ?/, ""));
  const [sentence = "", ...examples] = lines.join("\n").split("@example\n");
  return {
    sentence: sentence.trim().replaceAll("\n", " "),
    examples: examples.map((example) => example.trim()),
  };
}

/** A function that is no loss, from the comment in its own file. */
function sectionFrom(file: string, name: string): string {
  const { sentence, examples } = docOf(readFileSync(file, "utf8"), name);
  const blocks = examples.map((example) => ["```ts", example, "```"].join("\n"));
  return [`### ${name}`, sentence, ...blocks].join("\n\n");
}

const anchor = (text: string): string => text.toLowerCase().replaceAll(" ", "-");

/** LOSSES.md: what the specs say of themselves. */
export function lossesMarkdown(): string {
  const known = Object.entries(families).map(([family, { title }]) => ({
    family,
    title,
    members: specs.filter((spec) => spec.family === family),
  }));
  const homeless = specs.filter(({ family }) => !(family in families));
  if (homeless.length > 0) throw new Error(`no family ${homeless.map(({ family }) => family)}`);
  const contents = known.map(({ family, title, members }) => {
    const names = [
      ...members.map(({ name }) => name),
      ...(family === "reduction" ? ["accumulator"] : []),
    ];
    const links = names.map((name) => `[${name}](#${anchor(name)})`);
    return `- [${title}](#${anchor(title)}): ${links.join(" · ")}`;
  });
  const sections = known.flatMap(({ title, members }) => [
    `## ${title}`,
    ...members.map(sectionOf),
  ]);
  const named = Object.entries(reductions).map(([name, divisor]) => [code(name), divisor]);
  return `${[
    "# Losses",
    "Every loss and function of the library. Written by `npm run docs` from the specs in `src/losses`; a test fails when it is stale.",
    contents.join("\n"),
    "## Common options",
    "Every loss takes these beside its own. Functions whose values are `output` reduce nothing: they take `upstream`, `gradients` and where to compute.",
    table(["option", ""], membersOf("src/define.ts", "CommonOptions")),
    "The sum of mask × sampleWeight × loss is divided by what the name of the `reduction` says:",
    table(
      ["reduction", "divided by"],
      [...named, [code("{ denominator }"), "a number, or a tensor on the GPU"]],
    ),
    "Where that is 0 the value is `emptyMean` and every gradient exactly 0. What has mask 0 is never read.",
    ...sections,
    sectionFrom("src/accumulator.ts", "accumulator"),
  ].join("\n\n")}\n`;
}
