import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// The library is built as it is published, into a folder of its own; a consumer then bundles that.
const folder = mkdtempSync(join(tmpdir(), "webgpu-loss-"));
const dist = join(folder, "dist");
const built = (file: string) => readFileSync(join(dist, file), "utf8");
const scripts = () =>
  readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"));

beforeAll(async () => {
  for (const mode of ["production", "cpu"]) {
    await build({ configFile: "vite.config.ts", mode, logLevel: "error", build: { outDir: dist } });
  }
  // Without `sideEffects: false`, so that the code itself has to be free of side effects.
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** Bundles for the server, so that Vite's own loader of chunks is no part of what is weighed. */
async function bundle(input: string): Promise<readonly Rolldown.OutputChunk[]> {
  const { output } = (await build({
    configFile: false,
    root: folder,
    logLevel: "error",
    build: {
      ...{ write: false, ssr: true, minify: true, target: "es2022" },
      rolldownOptions: { input: join(folder, input) },
    },
  })) as Rolldown.RolldownOutput;
  return output.filter((file) => file.type === "chunk");
}

/** What an application becomes that imports crossEntropy and openBackend from an entry. */
function bundleCrossEntropy(entry: string): Promise<readonly Rolldown.OutputChunk[]> {
  const consumer = `consumer-${entry}`;
  const names = "{ crossEntropy, openBackend }";
  const code = `import ${names} from "./dist/${entry}"; globalThis.x = ${names};`;
  writeFileSync(join(folder, consumer), code);
  return bundle(consumer);
}

/** The chunks that a page fetches: the entry with all that it imports, and of what is loaded later what `follows`. */
function fetched(
  chunks: readonly Rolldown.OutputChunk[],
  follows: (chunk: Rolldown.OutputChunk) => boolean,
): readonly Rolldown.OutputChunk[] {
  const found = new Set<Rolldown.OutputChunk>();
  const visit = (chunk: Rolldown.OutputChunk): void => {
    if (found.has(chunk)) return;
    found.add(chunk);
    for (const other of chunks) {
      const isLoaded = chunk.dynamicImports.includes(other.fileName) && follows(other);
      if (isLoaded || chunk.imports.includes(other.fileName)) visit(other);
    }
  };
  for (const chunk of chunks) if (chunk.isEntry) visit(chunk);
  return [...found];
}
/** Nothing follows at start; a first loss on a GPU, or on the CPU, adds the call, the backend and what every such call loads. */
const atStart = () => false;
const onGpu = /\/(call|backend-webgpu|gpu-crossEntropy)\.js$/;
const onCpu = /\/(call|backend-cpu|cpu-crossEntropy)\.js$/;
const first =
  (path: RegExp) =>
  ({ moduleIds }: Rolldown.OutputChunk): boolean =>
    moduleIds.some((id) => path.test(id));

/** As a server sends them: each file compressed on its own. */
const kilobytes = (chunks: readonly Rolldown.OutputChunk[]): number =>
  chunks.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0) / 1000;

describe("an application that imports only crossEntropy and openBackend", () => {
  test("loads less than 4.6 kB at start, less than 29.9 by its first loss on WebGPU, and never another loss", async () => {
    const chunks = await bundleCrossEntropy("index.js");
    expect(kilobytes(fetched(chunks, atStart)), "at start").toBeLessThan(4.6);
    expect(kilobytes(fetched(chunks, first(onGpu))), "on WebGPU").toBeLessThan(29.9);
    expect(kilobytes(fetched(chunks, first(onCpu))), "on the CPU").toBeLessThan(14.8);
    expect(kilobytes(chunks), "in all").toBeLessThan(45);
    expect(chunks.length).toBeGreaterThan(8);
  });

  test("loads less than 4.6 kB at start from the CPU entry, less than 14.8 by its first loss, and no shader ever", async () => {
    const chunks = await bundleCrossEntropy("cpu.js");
    expect(kilobytes(fetched(chunks, atStart)), "at start").toBeLessThan(4.6);
    expect(kilobytes(fetched(chunks, first(onCpu))), "with a loss").toBeLessThan(14.8);
    expect(kilobytes(chunks), "in all").toBeLessThan(18.3);
    const code = chunks.map((chunk) => chunk.code).join("\n");
    expect(code).toMatch(/WebAssembly\.Module/);
    expect(code).not.toMatch(/@compute|@workgroup_size|requestAdapter/);
  });
});

describe("the built library", () => {
  // One file holds all losses, so a bundler drops the unused ones only if making them is pure.
  test("runs nothing at import: unused, it leaves nothing behind", async () => {
    writeFileSync(join(folder, "idle.js"), `import "./dist/index.js";`);
    const chunks = await bundle("idle.js");
    expect(chunks.map(({ code }) => code.trim())).toEqual(["export{};"]);
  });

  test("evaluates no text and asks no server", () => {
    expect(scripts()).toEqual(expect.arrayContaining(["index.js", "cpu.js"]));
    for (const file of scripts()) {
      expect(built(file), file).not.toMatch(
        /\beval\(|\bFunction\(|\bfetch\(|XMLHttpRequest|WebSocket|importScripts/,
      );
    }
  });

  test("imports nothing but its own files, so that a plain script tag can load it", () => {
    for (const file of scripts()) {
      const imported = [...built(file).matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)];
      for (const [, path] of imported) expect(path, file).toMatch(/^\.\.?\//);
    }
  });

  test("loads where there is no GPU and no window", async () => {
    for (const entry of ["index.js", "cpu.js"]) {
      const module = await import(/* @vite-ignore */ pathToFileURL(join(dist, entry)).href);
      expect(module.crossEntropy, entry).toBeTypeOf("function");
    }
  });

  test("carries its shaders without their comments", () => {
    const comments = readdirSync("shaders")
      .flatMap((file) => readFileSync(`shaders/${file}`, "utf8").match(/\/\/.*/g) ?? [])
      .filter((comment) => comment.length > 8);
    const texts = scripts().map(built);
    const left = texts.flatMap((code) => comments.filter((comment) => code.includes(comment)));
    expect(left).toEqual([]);
  });
});
