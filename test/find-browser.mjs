// Where a Chromium with WebGPU may be, and the flags that make it give a compute adapter without a screen.
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { env, platform } from "node:process";
import { chromium } from "playwright";

/** GPU=real tests the machine's own GPU; the default is SwiftShader, the same everywhere. */
export const args =
  env.GPU === "real"
    ? [
        "--enable-unsafe-webgpu",
        ...(platform === "linux"
          ? ["--enable-features=Vulkan", "--use-angle=vulkan", "--ignore-gpu-blocklist"]
          : []),
      ]
    : [
        "--enable-unsafe-webgpu",
        "--use-webgpu-adapter=swiftshader",
        // Quiet: no update checks, no sync, no lookups of Google's hosts.
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--no-first-run",
      ];

const windowsRoots = [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA].filter(Boolean);
const known = {
  linux: ["/opt/google/chrome/chrome", "/opt/microsoft/msedge/msedge", "/snap/bin/chromium"],
  darwin: ["Google Chrome", "Chromium", "Microsoft Edge", "Google Chrome Canary"].flatMap((app) =>
    ["", env.HOME ?? ""].map((root) => `${root}/Applications/${app}.app/Contents/MacOS/${app}`),
  ),
  win32: [
    "Google/Chrome/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
    "Chromium/Application/chrome.exe",
  ].flatMap((path) => windowsRoots.map((root) => join(root, path))),
};
const commands = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "chrome",
  "microsoft-edge",
  "msedge",
];

const runnable = (file) => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
const onPath = (command) =>
  (env.PATH ?? "")
    .split(delimiter)
    .flatMap((folder) =>
      (platform === "win32" ? [`${command}.exe`] : [command]).map((name) => join(folder, name)),
    )
    .find(runnable);

/** Every candidate, best first. CHROME_PATH is an order, not a hint: nothing else is tried beside it. */
export function browsers() {
  if (env.CHROME_PATH) {
    if (!existsSync(env.CHROME_PATH))
      throw new Error(`CHROME_PATH names a file that is not there: ${env.CHROME_PATH}`);
    return [{ executablePath: env.CHROME_PATH, source: "CHROME_PATH" }];
  }
  // Not Playwright's `channel`: "chrome" looks in one place only and misses Debian's chromium.
  const installed = [
    ...(known[platform] ?? []).filter(runnable),
    ...commands.map(onPath).filter(Boolean),
  ];
  return [
    { executablePath: chromium.executablePath(), source: "Playwright" },
    ...installed.map((executablePath) => ({ executablePath, source: "installed" })),
  ].filter(({ executablePath }) => existsSync(executablePath));
}

export const findBrowser = () => browsers()[0];

/** Launches once and names the WebGPU adapter: `undefined` when there is none, throws when it does not start. */
export async function probe(executablePath) {
  const browser = await chromium.launch({ executablePath, args, timeout: 60_000 });
  try {
    const page = await browser.newPage();
    // WebGPU needs a secure context, which about:blank is not.
    await page.route("http://localhost/**", (route) =>
      route.fulfill({ contentType: "text/html", body: "" }),
    );
    await page.goto("http://localhost/");
    return await page.evaluate(async () => {
      const found = await navigator.gpu?.requestAdapter();
      if (!found) return;
      const { vendor, architecture, description } = found.info;
      return [vendor, architecture, description].filter(Boolean).join(" ") || "unnamed";
    });
  } finally {
    await browser.close();
  }
}
