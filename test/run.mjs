// npm test: sets up what is missing, then runs vitest with the arguments given.
//   npm test -- --project node          one lane
//   npm test -- test/node/x.test.ts     one file
import { ensureBrowser, installPackages, noBrowser, node } from "./setup.mjs";

const args = process.argv.slice(2);
await installPackages();

const asked = args.join(" ");
const nodeOnly = /--project[= ]node\b|test\/node\//.test(asked) && !asked.includes("browser");
let missing = false;
if (!nodeOnly) {
  const browser = await ensureBrowser();
  // The browser that was proved to work is the one that vite.config.ts finds.
  if (browser) process.env.CHROME_PATH = browser;
  missing = !browser;
  // Skipping is for a machine that has no browser; CI, or a CHROME_PATH that does not work, is an error.
  if (missing && (process.env.CI || process.env.CHROME_PATH)) {
    console.error(noBrowser);
    process.exit(1);
  }
  if (missing) args.push("--project", "node");
}

const code = await node("node_modules/vitest/vitest.mjs", "run", ...args);
if (missing) console.error(`${noBrowser}\nThe browser lane did NOT run.`);
process.exit(code);
