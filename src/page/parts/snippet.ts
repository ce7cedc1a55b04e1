import type { AnyLoss } from "../../index.js";

const plain = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (typeof v === "number" ? Number(v.toPrecision(6)) : v))
    .replaceAll(/"(\w+)":/g, "$1: ")
    .replaceAll(",", ", ")
    .replaceAll("{", "{ ")
    .replaceAll("}", " }");

/** A line that needs no scrolling on a card. */
const WIDTH = 88;

/** A call that runs as it stands, made of the loss's first worked example. */
export function snippetOf(
  { spec }: AnyLoss,
  options: Readonly<Record<string, unknown>> = {},
): string {
  const example = spec.cases[0];
  const names = Object.keys(spec.inputs);
  const lines = names.map((name, i) => `const ${name} = ${plain(example?.args[i])};`);
  const value = spec.result ?? "loss";
  // Worked examples show one loss each; a reader begins with the mean.
  const { reduction, ...others } = { ...example?.options, ...options };
  const asked = Object.entries({
    ...(reduction === undefined || reduction === "none" ? {} : { reduction }),
    ...others,
    ...(spec.gpu ? {} : { backend: "cpu" }),
    gradients: true,
  }).map(([name, value]) => `${name}: ${name === "backend" ? "cpu" : plain(value)}`);
  const call = `const { ${value}, gradients } = await ${spec.name}(`;
  const whole = `{ ${asked.join(", ")} }`;
  const short = `${call}${names.join(", ")}, ${whole});`;
  const last =
    whole.length < WIDTH ? [`  ${whole},`] : ["  {", ...asked.map((one) => `    ${one},`), "  },"];
  const cpu = spec.gpu ? [] : ['const cpu = await openBackend({ kind: "cpu" });'];
  return [
    `import { ${[spec.name, ...(spec.gpu ? [] : ["openBackend"])].join(", ")} } from "webgpu-loss";`,
    "",
    ...cpu,
    ...lines,
    ...(short.length <= WIDTH ? [short] : [call, `  ${names.join(", ")},`, ...last, ");"]),
    spec.result ? "await output.read();" : "await loss.item();",
  ].join("\n");
}
