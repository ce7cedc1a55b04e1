// npm test: sets up what is missing, then runs vitest with the arguments given.
//   npm test -- --project node          one lane
//   npm test -- test/node/x.test.ts     one file
import { ensureBrowser, installPackages, noBrowser, node } from "./setup.mjs";

const args = process.argv.slice(2);
await installPackages();

let missing = false;
if (!/--project[= ]node\b|test\/node\//.test(args.join(" "))) {
  const browser = await ensureBrowser();
  // The browser that was proved to work is the one that vite.config.ts finds.
  if (browser) process.env.CHROME_PATH = browser;
  missing = !browser;
  if (missing && process.env.CI) {
    console.error(noBrowser);
    process.exit(1);
  }
}

const code = await node("node_modules/vitest/vitest.mjs", "run", ...args);
if (missing) console.error(`${noBrowser}\nThe browser lane did NOT run.`);
process.exit(code);
