// Installs what the benchmark compares with into this folder, never into the library's packages.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { npmCommand } from "../../test/setup.mjs";

const here = dirname(fileURLToPath(import.meta.url));

function installed() {
  const read = (file) => JSON.parse(readFileSync(join(here, file), "utf8")).packages;
  if (!existsSync(join(here, "node_modules/.package-lock.json"))) return false;
  const present = read("node_modules/.package-lock.json");
  return Object.entries(read("package-lock.json")).every(
    ([name, { version, optional }]) =>
      name === "" || optional || present[name]?.version === version,
  );
}

export async function installPeers() {
  if (installed()) return;
  console.error("[peers] npm ci in bench/peers");
  const [program, args] = npmCommand("ci", "--ignore-scripts", "--loglevel=error");
  const code = await new Promise((resolve) => {
    const child = spawn(program, args, { cwd: here, stdio: ["ignore", 2, 2] });
    child.once("error", () => resolve(127));
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`npm ci in bench/peers ended with ${code}`);
}
