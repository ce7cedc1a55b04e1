// npm start: sets up what is missing, serves the page and prints its address.
import { ensureBrowser, installPackages, noBrowser, root } from "./setup.mjs";

await installPackages();
const { createServer } = await import("vite");
const server = await createServer({ root, configFile: `${root}/vite.config.ts` });
await server.listen();
server.printUrls();

const browser = await ensureBrowser();
if (!browser) console.log(noBrowser);
else {
  const url = server.resolvedUrls?.local[0];
  console.log(`[browser] no WebGPU in yours? "${browser}" --enable-unsafe-webgpu ${url}`);
}
