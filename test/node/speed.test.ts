import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { expect, test } from "vitest";

// As it is published, in a process of its own.
test("the float64 reference is not slower than a loop over a Float32Array", async () => {
  const outDir = mkdtempSync(join(tmpdir(), "webgpu-loss-speed-"));
  await build({ configFile: "vite.config.ts", mode: "cpu", logLevel: "error", build: { outDir } });
  const printed = execFileSync(process.execPath, ["test/speed.mjs", join(outDir, "cpu.js")]);
  rmSync(outDir, { recursive: true });
  const ratios: Record<string, number> = JSON.parse(printed.toString());
  const titles = Object.keys(ratios);
  expect(titles).toHaveLength(8);
  // Ten classes are 0.25 us of work, beside which checking each label counts; everywhere else vectors take a third.
  const limit = (title: string): number => (title.includes(" 10 classes") ? 1.3 : 0.6);
  const slow = titles.filter((title) => (ratios[title] as number) > limit(title));
  expect(slow.map((title) => `${title}: ${ratios[title]} times as long`)).toEqual([]);
}, 60_000);
