import { readFileSync } from "node:fs";
import { type BuildOptions, defineConfig, type Plugin } from "vite";
import type { ViteUserConfig } from "vitest/config";

/** Comments and indentation are half of a shader's bytes; WGSL has no strings, so cutting them is safe. */
export const stripWgsl = (code: string): string =>
  code.replace(/\/\/.*|\/\*[\s\S]*?\*\//g, "").replace(/^\s+|[ \t]+$/gm, "");

/** Builds only: in the dev server and in tests a shader keeps the lines that error messages point at. */
export const shaders = (): Plugin => ({
  name: "strip-wgsl",
  apply: "build",
  enforce: "pre",
  load(id) {
    const file = id.match(/^(.*\.wgsl)\?raw$/)?.[1];
    if (file === undefined) return;
    return `export default ${JSON.stringify(stripWgsl(readFileSync(file, "utf8")))}`;
  },
});

/**
 * The published build leaves out what only documents a loss: LOSSES.md and the page have it, and it would be a tenth of
 * what an application with one loss ships.
 */
export const withoutTexts = (): Plugin => ({
  name: "without-texts",
  apply: "build",
  enforce: "pre",
  transform(code, id) {
    if (!/\/src\/losses\/\w+\.ts$/.test(id)) return;
    const text = /"(?:[^"\\]|\\.)*"|String\.raw`[^`]*`|`[^`]*`/.source;
    return code
      .replace(new RegExp(`\\b(summary|formula|reference|doc):\\s*(?:${text})`, "g"), '$1: ""')
      .replace(/^ {2}(cases|aka): \[(?:[^\n]*\]|[\s\S]*?^ {2}\]),$/gm, "  $1: [],");
  },
});

/** The CPU entry has the same sources without the GPU's: planners are undefined, shader hooks empty. */
export const withoutGpu = (): Plugin => ({
  name: "without-gpu",
  enforce: "pre",
  load(id) {
    if (id.endsWith("/src/backend/webgpu.ts")) {
      return readFileSync(id.replace("webgpu.ts", "withoutWebgpu.ts"), "utf8");
    }
    if (!/\/src\/.*\.ts$/.test(id)) return;
    const code = readFileSync(id, "utf8");
    if (!id.includes("/src/gpu/")) return code.replace(/\/\* wgsl \*\/\s*`[^`]*`/g, '""');
    const names = code.matchAll(/^export (?:const|function|class) (\w+)/gm);
    return [...names].map(([, name]) => `export const ${name} = undefined;`).join("\n");
  },
});

const library = (entry: "index" | "cpu"): BuildOptions => ({
  outDir: "dist",
  emptyOutDir: entry === "index",
  lib: { entry: { [entry]: `src/${entry}.ts` }, formats: ["es"] },
});
const page: BuildOptions = { outDir: "site" };

// Loaded only under vitest, so that a build needs no browser packages.
async function testProjects(): Promise<NonNullable<ViteUserConfig["test"]>> {
  const { playwright } = await import("@vitest/browser-playwright");
  const { args, findBrowser } = await import("./test/find-browser.mjs");
  const browser = findBrowser();
  if (browser === undefined) {
    if (process.env["CI"]) throw new Error("No Chromium found: the browser lane cannot run.");
    console.warn(
      "\n[test] NO CHROMIUM FOUND: the browser lane is skipped. Install one, or set CHROME_PATH.\n",
    );
  }
  const common = {
    // One page and one device at a time: five times faster than a fresh page for each file.
    isolate: false,
    fileParallelism: false,
    setupFiles: ["test/fail-on-console.ts", "test/fixed-seed.ts"],
  };
  return {
    projects: [
      {
        extends: true,
        test: {
          ...common,
          name: "node",
          environment: "node",
          include: ["test/node/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      ...(browser === undefined
        ? []
        : [
            {
              extends: true as const,
              // Named up front: a dependency found while tests run would reload the page under them.
              optimizeDeps: { include: ["fast-check", "wgsl_reflect/wgsl_reflect.module.js"] },
              test: {
                ...common,
                name: "browser",
                include: ["test/browser/**/*.test.ts"],
                testTimeout: 60_000,
                browser: {
                  enabled: true,
                  headless: true,
                  screenshotFailures: false,
                  provider: playwright({
                    launchOptions: { executablePath: browser.executablePath, args },
                  }),
                  instances: [{ browser: "chromium" as const }],
                },
              },
            },
          ]),
    ],
  };
}

export default defineConfig(async ({ mode }) => ({
  base: "./",
  publicDir: false as const,
  plugins: [
    shaders(),
    ...(mode === "page" ? [] : [withoutTexts()]),
    ...(mode === "cpu" ? [withoutGpu()] : []),
  ],
  build: {
    target: "es2022",
    sourcemap: true,
    emptyOutDir: true,
    ...(mode === "page" ? page : library(mode === "cpu" ? "cpu" : "index")),
  },
  // vitest's own mode: a build inside a test is an ordinary build.
  ...(mode === "test" ? { test: await testProjects() } : {}),
}));
