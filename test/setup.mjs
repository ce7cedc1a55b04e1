// What `npm start` and `npm test` need on a fresh clone: packages and a browser with WebGPU.
// Nothing from node_modules is imported before `installPackages` has run.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a program in the repository, its output shown; resolves to its exit code. */
export const run = (program, args) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: "inherit" });
    child.once("error", () => resolve(127));
    child.once("close", (code) => resolve(code ?? 1));
  });
export const node = (file, ...args) => run(process.execPath, [join(root, file), ...args]);

/** npm through its own script where we run under it: Windows starts no `npm.cmd` without a shell. */
export const npmCommand = (...args) =>
  process.env.npm_execpath?.endsWith("npm-cli.js")
    ? [process.execPath, [process.env.npm_execpath, ...args]]
    : ["npm", args];
export const npm = (...args) => run(...npmCommand(...args));

/** The packages that npm says it installed are those the lock file asks for. */
function installed() {
  const read = (file) => JSON.parse(readFileSync(join(root, file), "utf8")).packages;
  if (!existsSync(join(root, "node_modules/.package-lock.json"))) return false;
  const present = read("node_modules/.package-lock.json");
  return Object.entries(read("package-lock.json")).every(
    ([name, { version, optional }]) =>
      name === "" || optional || present[name]?.version === version,
  );
}

export async function installPackages() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Node ${process.versions.node} is too old: 20.19 or newer is needed.`);
    process.exit(1);
  }
  if (installed()) return;
  console.log("[setup] npm ci");
  const code = await npm("ci", "--loglevel=error");
  if (code !== 0) process.exit(code);
}

/** Tries the browsers that are there, then installs one; resolves to the path of one that has WebGPU. */
export async function ensureBrowser() {
  const { browsers, probe } = await import("./find-browser.mjs");
  const tried = new Set();
  const candidates = () => {
    try {
      return browsers();
    } catch (error) {
      console.error(`[browser] ${error.message}`);
      return [];
    }
  };
  const firstThatWorks = async () => {
    for (const { executablePath, source } of candidates()) {
      if (tried.has(executablePath)) continue;
      tried.add(executablePath);
      try {
        const found = await probe(executablePath);
        console.log(`[browser] ${executablePath} (${source}): ${found ?? "no WebGPU adapter"}`);
        if (found) return executablePath;
      } catch (error) {
        console.log(`[browser] ${executablePath} does not start: ${error.message.split("\n")[0]}`);
      }
    }
  };

  const present = await firstThatWorks();
  if (present || process.env.CHROME_PATH) return present;

  const isRoot = process.getuid?.() === 0;
  console.log("[browser] none found, installing Playwright's Chromium");
  const dependencies = process.platform === "linux" && isRoot ? ["--with-deps"] : [];
  const playwright = "node_modules/playwright/cli.js";
  await node(playwright, "install", "--no-shell", ...dependencies, "chromium");
  const downloaded = await firstThatWorks();
  if (downloaded) return downloaded;

  if (isRoot && existsSync("/etc/debian_version")) {
    console.log("[browser] installing Debian's Chromium");
    process.env.DEBIAN_FRONTEND = "noninteractive";
    await run("apt-get", ["update", "-qq"]);
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"]);
    return firstThatWorks();
  }
}

export const noBrowser =
  "[browser] NO BROWSER WITH WEBGPU: install Chrome, Chromium or Edge, or set CHROME_PATH to one.";
