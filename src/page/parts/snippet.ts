import type { AnyLoss } from "../../index.js";

const plain = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (typeof v === "number" ? Number(v.toPrecision(6)) : v))
    .replaceAll(/"(\w+)":/g, "$1: ")
    .replaceAll(",", ", ")
    .replaceAll("{", "{ ")
    .replaceAll("}", " }");

/** A call that runs as it stands, made of the loss's first worked example. */
export function snippetOf(
  { spec }: AnyLoss,
  options: Readonly<Record<string, unknown>> = {},
): string {
  const example = spec.cases[0];
  const names = Object.keys(spec.inputs);
  const lines = names.map((name, i) => `const ${name} = ${plain(example?.args[i])};`);
  const value = spec.result ?? "loss";
  const asked = plain({
    ...example?.options,
    ...options,
    ...(spec.gpu ? {} : { backend: "cpu" }),
    gradients: true,
  });
  const cpu = spec.gpu ? [] : ['const cpu = await openBackend({ kind: "cpu" });'];
  return [
    `import { ${[spec.name, ...(spec.gpu ? [] : ["openBackend"])].join(", ")} } from "webgpu-loss";`,
    "",
    ...cpu,
    ...lines,
    `const { ${value}, gradients } = await ${spec.name}(${names.join(", ")}, ${asked.replace('"cpu"', "cpu")});`,
    spec.result ? "await output.read();" : "await loss.item();",
  ].join("\n");
}
