import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";
import { assembleWat } from "./wat.js";
import { wgslMinifier } from "./wgsl.js";

/** The library alone: neither the page nor this folder. */
const sourceFile = /\/src\/(?!page\/|build\/).*\.ts$/;
const read = (file: string): string => readFileSync(file, "utf8");

/** The lines that a text takes, without the text: so that lines keep their numbers. */
const linesOf = (text: string): string => text.replace(/[^\n]+/g, "");

/** What only documents a loss: LOSSES.md and the page have it, and it would be a tenth of what an application ships. */
function withoutTexts(code: string): string {
  const text = /"(?:[^"\\]|\\.)*"|String\.raw`[^`]*`|`[^`]*`/.source;
  const named = new RegExp(`\\b(summary|formula|reference|doc):(\\s*)(?:${text})`, "g");
  return code
    .replace(named, '$1:$2""')
    .replace(
      /^ {2}(cases|aka): \[(?:[^\n]*\]|[\s\S]*?^ {2}\]),$/gm,
      (list, name) => `  ${name}: [],${linesOf(list)}`,
    )
    .replace(/^ {2}shapes: \{[\s\S]*?\},$/gm, linesOf)
    .replace(/^ {2}outputs: \{[\s\S]*?^ {2}\},$/gm, (list) =>
      list.replace(new RegExp(`:(\\s*)(?:${text})`, "g"), ':$1""'),
    );
}

/** Planners are undefined, and the device's side is a stand-in that refuses. */
function withoutGpu(code: string, file: string): string {
  if (/\/src\/backend\/(webgpu|adapter)\.ts$/.test(file)) {
    return read(file.replace(/\w+\.ts$/, "withoutWebgpu.ts"));
  }
  if (!file.includes("/src/gpu/")) return code.replace(/\/\* wgsl \*\/\s*`[^`]*`/g, '""');
  const names = code.matchAll(/^export (?:const|function|class) (\w+)/gm);
  return [...names].map(([, name]) => `export const ${name} = undefined;`).join("\n");
}

/**
 * How a build reads the sources of the library: shaders made small and, in what is published, losses without their
 * documentation; for the CPU entry without the GPU's side. The dev server and tests read them as they are.
 */
export const sources = (mode: string): Plugin => {
  const under = (folder: string, ending: string): string[] =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((file) => join(folder, file))
      .filter((file) => file.endsWith(ending))
      .filter((file) => ending !== ".ts" || sourceFile.test(`/${file.replaceAll("\\", "/")}`));
  const { shader, hooks } = wgslMinifier(
    under("shaders", ".wgsl").map(read),
    under("src", ".ts").map(read),
  );
  return {
    name: "webgpu-loss-sources",
    apply: "build",
    enforce: "pre",
    load(id) {
      const file = id.match(/^(.*\.wgsl)\?raw$/)?.[1];
      if (file) return `export default ${JSON.stringify(shader(read(file)))}`;
      if (!sourceFile.test(id)) return;
      const code = hooks(read(id));
      if (mode === "page") return code;
      const bare = /\/src\/losses\//.test(id) ? withoutTexts(code) : code;
      return mode === "cpu" ? withoutGpu(bare, id) : bare;
    },
  };
};

/** WebAssembly from its text, for builds, tests and the dev server alike. */
export const webAssembly = (): Plugin => ({
  name: "webgpu-loss-wat",
  load(id) {
    if (!id.endsWith(".wat")) return;
    this.addWatchFile(id);
    return `export default "${Buffer.from(assembleWat(read(id))).toString("base64")}"`;
  },
});
