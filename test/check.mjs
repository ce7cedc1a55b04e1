// npm run check: everything that a change must pass, cheapest first.
// `--quick` leaves out the tests and what asks the network.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installPackages, node, npm, npmCommand, root } from "./setup.mjs";

const allowed = [
  /^(package\.json|LICENSE|README\.md|CHANGELOG\.md|LOSSES\.md)$/,
  /^dist\/.+\.(js|d\.ts)(\.map)?$/,
  /^shaders\/.+\.wgsl$/,
  /^src\/(?!page\/|build\/).+\.(ts|wat)$/,
];
const required = ["dist/index.js", "dist/index.d.ts", "dist/cpu.js", "dist/cpu.d.ts"];

/** Packs into `folder` what npm would publish; resolves to the tarball, or nothing if its contents are wrong. */
function pack(folder) {
  const [program, args] = npmCommand("pack", "--json", "--ignore-scripts", "--pack-destination");
  const printed = execFileSync(program, [...args, folder], {
    cwd: root,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ filename, size, files }] = JSON.parse(printed);
  const paths = files.map(({ path }) => path);
  const extra = paths.filter((path) => !allowed.some((rule) => rule.test(path)));
  const absent = required.filter((path) => !paths.includes(path));
  console.log(`${filename}: ${paths.length} files, ${(size / 1024).toFixed(0)} KiB`);
  for (const path of extra) console.error(`must not be published: ${path}`);
  for (const path of absent) console.error(`missing from the package: ${path}`);
  return extra.length + absent.length === 0 ? join(folder, filename) : undefined;
}

async function checkPackage() {
  const folder = mkdtempSync(join(tmpdir(), "webgpu-loss-"));
  const npx = (...args) => npm("exec", "--yes", "--", ...args);
  try {
    const tarball = pack(folder);
    if (tarball === undefined) return 1;
    if (quick) return 0;
    const published = await npx("publint@0.3.25", "run", tarball, "--strict");
    const attw = [
      "@arethetypeswrong/cli@0.18.5",
      tarball,
      "--profile",
      "esm-only",
      "--no-definitely-typed",
    ];
    return published || (await npx(...attw, "--format", "ascii"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const quick = process.argv.includes("--quick");
const typescript = "node_modules/typescript/bin/tsc";
const steps = {
  types: () => node(typescript, "-p", "tsconfig.json"),
  lint: () => node("node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings"),
  ...(quick ? {} : { test: () => node("test/run.mjs") }),
  build: () => npm("run", "build", "--silent"),
  package: checkPackage,
};

await installPackages();
const failed = [];
for (const [name, step] of Object.entries(steps)) {
  console.log(`\n[check] ${name}`);
  if ((await step()) !== 0) failed.push(name);
}
console.log(
  failed.length === 0 ? "\n[check] all passed" : `\n[check] FAILED: ${failed.join(", ")}`,
);
process.exit(failed.length === 0 ? 0 : 1);
