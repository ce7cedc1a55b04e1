// npm run bench: every contender verified, then timed in turn, in one page of a headless browser.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { argv, exit, stderr, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { ensureBrowser, installPackages, noBrowser } from "../test/setup.mjs";
import { chartOf } from "./chart.mjs";
import { help, parse } from "./options.mjs";
import { reportOf, tuneReport } from "./report.mjs";

const here = dirname(fileURLToPath(import.meta.url));

function commitOf() {
  const git = (...args) => execFileSync("git", args, { cwd: here, encoding: "utf8" }).trim();
  try {
    const changed = git("status", "--porcelain", "--", "../src", "../shaders") === "" ? "" : "+";
    return git("rev-parse", "--short", "HEAD") + changed;
  } catch {
    return "unknown";
  }
}

/** A row without digits that no clock has. */
const tidy = (row) =>
  Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key,
      typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value,
    ]),
  );

function write(results, report) {
  const folder = join(here, "results");
  mkdirSync(folder, { recursive: true });
  const name = results.adapter.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const { adapter, software, commit, rows } = results;
  const file = join(folder, name);
  writeFileSync(
    `${file}.json`,
    `${JSON.stringify({ adapter, software, commit, rows }, null, 1)}\n`,
  );
  writeFileSync(`${file}.svg`, chartOf(results));
  writeFileSync(`${file}.md`, report);
  stderr.write(`written: bench/results/${name}.{json,svg,md}\n`);
}

async function main() {
  const options = parse(argv.slice(2));
  if (options.help) return console.log(help);
  await installPackages();
  const browser = await ensureBrowser();
  if (!browser) throw new Error(noBrowser);
  process.env.CHROME_PATH = browser;
  const { installPeers } = await import("./peers/install.mjs");
  if (options.peers) await installPeers();

  const began = performance.now();
  const progress = (line) => {
    const seconds = ((performance.now() - began) / 1000).toFixed(0).padStart(4);
    stderr.write(`${seconds} s  ${line}\n`);
  };
  const { openPage } = await import("./serve.mjs");
  const { page, close } = await openPage(progress);
  try {
    if (options.tune) {
      const outcome = await page.evaluate(
        (config) => globalThis.tuneShapes(config),
        options.config,
      );
      stdout.write(options.json ? `${JSON.stringify(outcome, null, 1)}\n` : tuneReport(outcome));
      return;
    }
    const outcome = await page.evaluate((config) => globalThis.bench(config), options.config);
    const rows = outcome.rows.map(tidy);
    const results = { ...outcome, rows, commit: commitOf() };
    const { adapter, software, commit } = results;
    const report = reportOf(results);
    if (options.json)
      stdout.write(`${JSON.stringify({ adapter, software, commit, rows }, null, 1)}\n`);
    else stdout.write(report);
    if (!options.dry) write(results, report);
  } finally {
    await close();
  }
}

try {
  await main();
} catch (error) {
  console.error(error.code?.startsWith?.("ERR_PARSE_ARGS") ? `${error.message}\n\n${help}` : error);
  exit(1);
}
