import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stripWgsl } from "../../vite.config.js";

// The library is built as it is published, into a folder of its own; a consumer then bundles that.
const folder = mkdtempSync(join(tmpdir(), "webgpu-loss-"));
const dist = join(folder, "dist");
const built = (file: string) => readFileSync(join(dist, file), "utf8");

beforeAll(async () => {
  for (const mode of ["production", "cpu"]) {
    await build({ configFile: "vite.config.ts", mode, logLevel: "error", build: { outDir: dist } });
  }
  // Without `sideEffects: false`, so that the code itself has to be free of side effects.
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

async function bundle(input: string): Promise<string> {
  const { output } = (await build({
    configFile: false,
    root: folder,
    logLevel: "error",
    build: { write: false, target: "es2022", rolldownOptions: { input: join(folder, input) } },
  })) as Rolldown.RolldownOutput;
  return output.map((file) => (file.type === "chunk" ? file.code : "")).join("\n");
}
/** What an application ships that imports crossEntropy from an entry, minified. */
function bundleCrossEntropy(entry: string): Promise<string> {
  const consumer = `consumer-${entry}`;
  const code = `import { crossEntropy } from "./dist/${entry}"; globalThis.x = crossEntropy;`;
  writeFileSync(join(folder, consumer), code);
  return bundle(consumer);
}
const kilobytes = (code: string) => gzipSync(code, { level: 9 }).length / 1000;

describe("an application that imports only crossEntropy", () => {
  // The aims are 16 and 6 kB and not reached (CHANGELOG, "Known limits"): these bounds keep it from growing.
  test("ships less than 32 kB, gzipped", async () => {
    expect(kilobytes(await bundleCrossEntropy("index.js"))).toBeLessThan(32);
  });

  test("ships less than 11.7 kB and no shader from the CPU entry", async () => {
    const code = await bundleCrossEntropy("cpu.js");
    expect(kilobytes(code)).toBeLessThan(11.7);
    expect(code).not.toMatch(/@compute|@workgroup_size|requestAdapter/);
  });
});

describe("the built library", () => {
  // One file holds all losses, so a bundler drops the unused ones only if making them is pure.
  test("runs nothing at import: unused, it leaves nothing behind", async () => {
    writeFileSync(join(folder, "idle.js"), `import "./dist/index.js";`);
    const code = await bundle("idle.js");
    expect(code.trim()).toBe("");
  });

  test("evaluates no text and asks no server", () => {
    const scripts = readdirSync(dist).filter((file) => file.endsWith(".js"));
    expect(scripts).toEqual(expect.arrayContaining(["index.js", "cpu.js"]));
    for (const file of scripts) {
      expect(built(file), file).not.toMatch(
        /\beval\(|\bFunction\(|\bfetch\(|XMLHttpRequest|WebSocket|importScripts/,
      );
    }
  });

  test("imports nothing but its own files, so that a plain script tag can load it", () => {
    for (const file of readdirSync(dist).filter((name) => name.endsWith(".js"))) {
      const imported = [...built(file).matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)];
      for (const [, path] of imported) expect(path, file).toMatch(/^\.\//);
    }
  });

  test("loads where there is no GPU and no window", async () => {
    for (const entry of ["index.js", "cpu.js"]) {
      const module = await import(/* @vite-ignore */ pathToFileURL(join(dist, entry)).href);
      expect(module.crossEntropy, entry).toBeTypeOf("function");
    }
  });

  test("carries its shaders without their comments", () => {
    const scripts = readdirSync(dist).filter((file) => file.endsWith(".js"));
    const comments = readdirSync("shaders")
      .flatMap((file) => readFileSync(`shaders/${file}`, "utf8").match(/\/\/.*/g) ?? [])
      .filter((comment) => comment.length > 8);
    const texts = scripts.map(built);
    const left = texts.flatMap((code) => comments.filter((comment) => code.includes(comment)));
    expect(left).toEqual([]);
  });

  test("loses comments and indentation of a shader, and nothing else", () => {
    const code = "fn a() {\n  // a /* b\n\n  let x = 1.0; /* c\n // d */\n  return x / 2;\n}\n";
    expect(stripWgsl(code)).toBe("fn a() {\nlet x = 1.0;\nreturn x / 2;\n}\n");
  });
});
