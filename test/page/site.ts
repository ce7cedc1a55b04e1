import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { build } from "vite";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
};
/** Any static host may serve the page below any path. */
const BELOW = "/some/where/deep";

export interface Site {
  readonly folder: string;
  readonly url: string;
  close(): void;
}

/** Builds the page as it is published and serves the folder as a static host would. */
export async function serveSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), "webgpu-loss-page-"));
  await build({
    configFile: "vite.config.ts",
    mode: "page",
    logLevel: "error",
    build: { outDir: folder, emptyOutDir: true, sourcemap: false },
  });
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const file = join(folder, path.slice(BELOW.length).replace(/\/$/, "/index.html"));
    if (!path.startsWith(`${BELOW}/`) || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" });
    response.end(readFileSync(file));
  });
  await new Promise<void>((done) => server.listen(0, done));
  const { port } = server.address() as AddressInfo;
  return {
    folder,
    url: `http://localhost:${port}${BELOW}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true });
    },
  };
}
