import { type BuildOptions, defineConfig } from "vite";
import type { ViteUserConfig } from "vitest/config";
import { sources, webAssembly } from "./src/build/plugins.js";

/** Chunks are named by their folder and file: there is a crossEntropy.ts for the CPU and one for the GPU. */
const chunkName = (file: string | null | undefined): string =>
  (/\/src\/(\w+\/\w+)\.ts$/.exec(file ?? "")?.[1] ?? "[name]").replace("/", "-");

const library = (entry: "index" | "cpu"): BuildOptions => ({
  outDir: "dist",
  emptyOutDir: entry === "index",
  lib: { entry: { [entry]: `src/${entry}.ts` }, formats: ["es"] },
  rolldownOptions: {
    output: {
      chunkFileNames: ({ facadeModuleId }) => `chunks/${entry}/${chunkName(facadeModuleId)}.js`,
      codeSplitting: {
        groups: [
          // What every file needs lies in one: many small ones compress worse, and each is a request.
          {
            name: "core",
            test: /\/src\/(errors|dtype|tensor|halves|options|result)\.ts$/,
            priority: 1,
          },
          // Every call needs these, on either path.
          {
            name: "request",
            test: /\/src\/(request|reduction|argument|host|interop|denominator)\.ts$/,
          },
        ],
      },
    },
  },
});
/** Few files compress better than many: the explorer comes with the page, all other views together when one is asked for. */
const page: BuildOptions = {
  outDir: "site",
  // The first with light-dark(): in its stead older ones get variables that the theme switch does not turn.
  cssTarget: ["chrome123", "firefox120", "safari17.5"],
  // One file is not worth a preload.
  modulePreload: false,
  rolldownOptions: {
    output: {
      codeSplitting: {
        groups: [{ name: "library", test: /\/src\/(?!page\/|verify)|\/shaders\// }],
      },
    },
  },
};

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
    isolate: false,
    // Vitest runs lanes at once only where they have as many workers.
    maxWorkers: 2,
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
                // Its workers are pages that stay, five times faster than a fresh one for each file: a page compiles on one core.
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
  plugins: [sources(mode), webAssembly()],
  build: {
    target: "es2022",
    sourcemap: mode !== "page",
    emptyOutDir: true,
    ...(mode === "page" ? page : library(mode === "cpu" ? "cpu" : "index")),
  },
  // vitest's own mode: a build inside a test is an ordinary build.
  ...(mode === "test" ? { test: await testProjects() } : {}),
}));
