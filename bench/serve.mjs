// A page in a headless browser over a local server: sources through Vite, peers as the files they are.
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright";
import { createServer } from "vite";
import { args, findBrowser } from "../test/find-browser.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const peers = join(here, "peers/node_modules");
const types = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
};

// Isolated, so that wasm has threads and the clock a step of 5 microseconds.
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

function sendPeer(request, response, next) {
  const path = new URL(request.url, "http://localhost").pathname;
  const file = join(peers, normalize(decodeURIComponent(path)));
  if (!file.startsWith(peers + sep) || !existsSync(file) || !statSync(file).isFile()) return next();
  const type = types[extname(file)] ?? "application/octet-stream";
  response.writeHead(200, { ...headers, "Content-Type": type });
  createReadStream(file).pipe(response);
}

const benchServer = () => ({
  name: "bench-server",
  configureServer({ middlewares }) {
    middlewares.use("/peers", sendPeer);
    middlewares.use((request, response, next) => {
      // The browser asks for an icon whatever the page says.
      if (request.url === "/favicon.ico") return response.writeHead(204).end();
      if (request.url !== "/") return next();
      response.writeHead(200, { ...headers, "Content-Type": "text/html" });
      response.end(readFileSync(join(here, "page/index.html")));
    });
  },
});

/** Opens the page; `report` hears its progress, `close` ends browser and server. */
export async function openPage(report) {
  const browser = findBrowser();
  if (!browser) throw new Error("no browser found: `npm test` installs one, or set CHROME_PATH");
  const server = await createServer({
    configFile: join(here, "../vite.config.ts"),
    root: dirname(here),
    appType: "custom",
    logLevel: "error",
    cacheDir: join(here, "peers/node_modules/.vite"),
    optimizeDeps: { noDiscovery: true },
    // Sources that change during a run must not reload the page under it.
    server: { port: 0, host: "127.0.0.1", headers, hmr: false, ws: false, watch: null },
    plugins: [benchServer()],
  });
  let instance;
  const close = async () => {
    await instance?.close();
    await server.close();
  };
  try {
    await server.listen();
    const { port } = server.httpServer.address();
    instance = await chromium.launch({ executablePath: browser.executablePath, args });
    const page = await instance.newPage();
    page.on("pageerror", (error) => report(`page error: ${error.message}`));
    page.on("console", (message) => {
      // Some rivals print a page for each refusal: its first line is enough, and their warnings are not ours.
      const line = message.text().split("\n")[0];
      if (message.type() === "error" && !/\[W:onnx/.test(line))
        report(`console: ${line.slice(0, 160)}`);
    });
    await page.exposeFunction("report", report);
    await page.goto(`http://localhost:${port}/`);
    await page.waitForFunction(() => "bench" in globalThis, undefined, { timeout: 60_000 });
    return { page, close };
  } catch (error) {
    await close();
    throw error;
  }
}
