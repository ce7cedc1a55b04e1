import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  type Browser,
  type BrowserContext,
  type ConsoleMessage,
  chromium,
  type Page,
} from "playwright";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { args, findBrowser } from "../find-browser.mjs";
import { complaints } from "../page/look.js";
import { type Site, serveSite } from "../page/site.js";

const found = findBrowser();
const shots = "test/page/__screenshots__";
const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 360, height: 760 };

let site: Site;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** The checks take longest: they run beside the other tests, in a browser whose GPU process is their own. */
let checker: Browser;
let checking: Page;
let said: string[] = [];

/** Software rendering on a busy machine takes its time. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 300_000, interval: 100 });

const listen = (one: Page): void => {
  one.on("console", (message: ConsoleMessage) => said.push(`${message.type()}: ${message.text()}`));
  one.on("pageerror", (error) => said.push(`error: ${error.message}`));
};
const ready = (view: string, one = page) =>
  one.waitForFunction((name) => document.documentElement.dataset["ready"] === name, view);
async function go(hash: string): Promise<void> {
  await page.evaluate((to) => {
    delete document.documentElement.dataset["ready"];
    location.hash = to;
  }, hash);
  await ready(hash.split("?")[0] as string);
}
/** Charts are drawn at their width, which is known a frame later. */
const settle = (one = page) =>
  one.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );

/** The view in both themes and at both widths: kept as pictures, and looked over each time. */
async function lookAt(name: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme });
    for (const size of [WIDE, NARROW]) {
      await page.setViewportSize(size);
      await settle();
      await page.screenshot({
        path: `${shots}/${name}-${size.width}-${theme}.png`,
        fullPage: true,
      });
      const here = await page.evaluate(complaints);
      wrong.push(...here.map((text) => `${name} ${size.width} ${theme}: ${text}`));
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(WIDE);
  return wrong;
}

describe.skipIf(!found)("the page", { timeout: 320_000 }, () => {
  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    site = await serveSite();
    const launch = () => chromium.launch({ executablePath: found?.executablePath as string, args });
    [browser, checker] = await Promise.all([launch(), launch()]);
    context = await browser.newContext({
      viewport: WIDE,
      reducedMotion: "reduce",
      permissions: ["clipboard-read", "clipboard-write"],
    });
    // Lets a test take the device away.
    await context.addInitScript(() => {
      const { requestDevice } = GPUAdapter.prototype;
      GPUAdapter.prototype.requestDevice = async function (descriptor) {
        const device = await requestDevice.call(this, descriptor);
        Reflect.set(globalThis, "lastDevice", device);
        return device;
      };
    });
    context.setDefaultTimeout(120_000);
    page = await context.newPage();
    checking = await checker.newPage({ viewport: WIDE, reducedMotion: "reduce" });
    listen(page);
    listen(checking);
    await checking.goto(`${site.url}#check`);
    await page.goto(site.url);
    await ready("explore");
  }, 240_000);
  afterAll(async () => {
    await Promise.all([browser?.close(), checker?.close()]);
    site?.close();
  });
  afterEach(() => {
    expect(said, "console output").toEqual([]);
    said = [];
  });

  test("has less than 60 kB of its own, gzipped, and more than half of it comes when another view is opened", () => {
    const names = readdirSync(join(site.folder, "assets"));
    const own = names.filter((name) => !name.startsWith("library-"));
    expect(names.length - own.length).toBe(1);
    const later = own.filter((name) => name.startsWith("later-"));
    expect(later).toHaveLength(1);
    // As a server sends them: each file compressed by itself.
    const kilobytes = (files: readonly string[]) =>
      files.reduce((sum, name) => {
        const content = readFileSync(join(site.folder, name));
        return sum + gzipSync(content, { level: 9 }).length / 1000;
      }, 0);
    const files = ["index.html", ...own.map((name) => join("assets", name))];
    const first = files.filter((name) => !name.includes("later-"));
    expect(kilobytes(files)).toBeLessThan(60);
    expect(kilobytes(first)).toBeLessThan(26);
    expect(kilobytes(first)).toBeGreaterThan(10);
    expect(readFileSync(join(site.folder, "index.html"), "utf8")).not.toContain("later-");
  });

  test("runs from any path: the built folder names no absolute address", () => {
    const html = readFileSync(join(site.folder, "index.html"), "utf8");
    expect(html).not.toMatch(/(src|href)="\//);
    for (const file of readdirSync(join(site.folder, "assets"))) {
      if (file.endsWith(".js"))
        expect(readFileSync(join(site.folder, "assets", file), "utf8")).not.toMatch(
          /["'`]\/assets\//,
        );
    }
  });

  test("names the backend, the adapter and what it can do", async () => {
    const line = await page.locator(".status-line").innerText();
    expect(line).toMatch(/WebGPU/);
    expect(line).toMatch(/software adapter|hardware adapter/);
    await page.getByRole("button", { name: "Device" }).click();
    expect(await page.locator(".facts").innerText()).toMatch(/buffer size/);
    await page.getByRole("button", { name: "Device" }).click();
  });

  test("hands out a report that can be pasted into a bug", async () => {
    await page.getByRole("button", { name: "Copy report" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const report = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
    expect(report).toMatchObject({ backend: "webgpu", software: expect.any(Boolean) });
    expect(Object.keys(report)).toEqual(
      expect.arrayContaining(["library", "adapter", "features", "limits", "browser"]),
    );
  });

  test("turns its colours with the theme switch", async () => {
    const paper = () =>
      page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await paper();
    await page.getByRole("radio", { name: "Dark" }).check({ force: true });
    const dark = await paper();
    expect(dark).not.toBe(light);
    await page.getByRole("radio", { name: "Auto" }).check({ force: true });
    expect(await paper()).toBe(light);
  });

  test("draws loss and gradient on the GPU with float64 dashed over them, and reads numbers under the pointer", async () => {
    await go("explore?loss=huber&delta=2");
    await page.waitForSelector(".line.reference");
    expect(await page.locator(".line").count()).toBe(4);
    expect(await page.locator(".agreement").first().innerText()).toMatch(
      /largest difference from float64/,
    );
    const plot = page.locator(".pair svg").first();
    await plot.hover();
    expect(await page.locator(".pair .legend").first().innerText()).toMatch(/huber\s*[\d.]+/);
    expect(await page.locator(".pair .legend").last().innerText()).toMatch(/huber\s*−?[\d.]+/);
  });

  test("keeps its state in the address, both ways", async () => {
    await page.getByRole("button", { name: "mae", exact: true }).last().click();
    await page.getByLabel("delta").focus();
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction(() => location.hash.includes("with=mae"));
    const hash = await page.evaluate(() => location.hash);
    const delta = new URLSearchParams(hash.split("?")[1]).get("delta");
    expect(Number(delta)).toBeGreaterThan(2);
    const shown = () => page.locator(".legend").first().innerText();
    await eventually(shown).toMatch(/mae/);
    const before = await shown();
    await page.reload();
    await ready("explore");
    expect(await page.evaluate(() => location.hash)).toBe(hash);
    await eventually(shown).toBe(before);
    expect(await page.getByLabel("delta").getAttribute("aria-valuetext")).toBe(delta);
  });

  test("lays out the explorer at every width in both themes", async () => {
    expect(await lookAt("explore")).toEqual([]);
  });

  test("draws every figure of the notebook", async () => {
    await go("notebook");
    const cards = page.locator(".card");
    const count = await cards.count();
    expect(count).toBeGreaterThanOrEqual(15);
    for (let i = 0; i < count; i++) {
      await cards.nth(i).scrollIntoViewIfNeeded();
      await eventually(() => cards.nth(i).getAttribute("data-state")).toBe("drawn");
    }
    expect(await page.locator(".card .bad").filter({ hasText: /e−/ }).count()).toBe(0);
    expect(await lookAt("notebook")).toEqual([]);
  });

  test("leaves out tokens that are clicked", async () => {
    const tokens = page.locator("#figure-denominators .token");
    const loss = () => page.locator("#figure-denominators tbody tr").first().innerText();
    const before = await loss();
    await tokens.first().click();
    await eventually(loss).not.toBe(before);
    expect(await tokens.first().getAttribute("aria-pressed")).toBe("false");
  });

  test("chooses a loss in two questions and ends on a snippet", async () => {
    await go("choose");
    await page.getByRole("button", { name: "Predict a number" }).click();
    await page.getByRole("button", { name: "Full of outliers" }).click();
    expect(await page.locator(".chosen h2").innerText()).toBe("huber");
    expect(await page.locator(".chosen code").first().innerText()).toBeTruthy();
    expect(await page.evaluate(() => location.hash)).toBe("#choose?path=0.1");
    expect(await lookAt("choose")).toEqual([]);
  });

  test("shows the recipe of each library, and keeps a gradient on this GPU", async () => {
    await go("gpu?from=tensorflow");
    expect(await page.locator(".recipe").innerText()).toContain("zeroCopy");
    await page.getByRole("radio", { name: "GPUBuffer" }).check();
    await page.getByRole("button", { name: "Run it here" }).click();
    await eventually(() => page.locator(".demo").innerText()).toMatch(/read back: 4 bytes/);
    expect(await lookAt("gpu")).toEqual([]);
  });

  test("trains a model, pauses, steps and swaps the loss", async () => {
    await go("learn");
    const state = (name: string) =>
      page.evaluate(
        (key) => Number(document.querySelector<HTMLElement>(".view-learn")?.dataset[key]),
        name,
      );
    const start = await state("bits");
    await page.getByRole("button", { name: "Train" }).click();
    await eventually(() => state("steps")).toBeGreaterThan(60);
    await page.getByRole("button", { name: "Pause" }).click();
    // Paused is when the step under way has ended.
    await eventually(() => page.getByRole("button", { name: "One step" }).isEnabled()).toBe(true);
    expect(await state("bits")).toBeLessThan(start - 0.5);
    await page.getByLabel("Loss", { exact: true }).selectOption("softmaxFocal");
    await page.waitForTimeout(100);
    const steps = await state("steps");
    await page.getByRole("button", { name: "One step" }).click();
    await eventually(() => state("steps")).toBe(steps + 1);
    expect(await lookAt("learn")).toEqual([]);
  });

  test("refuses a benchmark that does not fit, runs one that does, and stops when told", async () => {
    await go("bench?preset=gemma&tokens=4096");
    expect(await page.locator(".need").innerText()).toMatch(/Refused: /);
    expect(await page.getByRole("button", { name: "Run the benchmark" }).isDisabled()).toBe(true);
    await go("bench?preset=imagenet&tokens=256");
    const state = () => page.locator(".view-bench").getAttribute("data-state");
    await page.getByRole("button", { name: "Run the benchmark" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await eventually(state).toBe("cancelled");
    await page.getByRole("button", { name: "Run the benchmark" }).click();
    await eventually(state).toBe("done");
    const rows = await page.locator(".results tbody th").allInnerTexts();
    expect(rows).toEqual([
      "plain loop",
      "webgpu-loss",
      "webgpu-loss, in place",
      "unfused pipeline",
    ]);
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download JSON" }).click(),
    ]);
    expect(saved.suggestedFilename()).toMatch(/^webgpu-loss-.*\.json$/);
    const { timings } = JSON.parse(readFileSync(await saved.path(), "utf8"));
    expect(timings).toHaveLength(4);
    expect(await lookAt("bench")).toEqual([]);
  });

  test("can be walked with the keyboard: a link past the header, a ring on everything, arrows on the curves", async () => {
    await page.goto(`${site.url}#explore?loss=mse`);
    await page.reload();
    await ready("explore");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(
      "Skip to the content",
    );
    const reached = new Set<string>();
    for (let i = 0; i < 110; i++) {
      await page.keyboard.press("Tab");
      const here = await page.evaluate(() => {
        const at = document.activeElement as HTMLElement | null;
        if (!at || at === document.body) return undefined;
        const { outlineStyle } = getComputedStyle(at);
        const ring = at.matches("input[type=radio]")
          ? getComputedStyle(at.nextElementSibling as Element).outlineStyle
          : outlineStyle;
        return { kind: at.getAttribute("role") ?? at.tagName, ring };
      });
      if (!here) break;
      reached.add(here.kind);
      expect(here.ring, here.kind).not.toBe("none");
    }
    expect([...reached]).toEqual(
      expect.arrayContaining(["A", "BUTTON", "INPUT", "SELECT", "SUMMARY", "slider"]),
    );
    await page.locator(".pair svg").first().focus();
    await page.keyboard.press("End");
    expect(await page.locator(".pair .legend").first().innerText()).toMatch(/mse\s*25/);
    expect(await page.locator(".pair .legend").last().innerText()).toMatch(/mse\s*10/);
  });

  test("says when the device is lost, opens another and draws again", async () => {
    await page.evaluate(() => (Reflect.get(globalThis, "lastDevice") as GPUDevice).destroy());
    await page.waitForSelector(".notice.lost");
    expect(await page.locator(".notice.lost").innerText()).toMatch(/was lost.*A new one is open/s);
    await page.getByRole("button", { name: "Dismiss" }).click();
    await page.getByRole("button", { name: "mae", exact: true }).last().click();
    await eventually(() => page.locator(".pair .legend").first().innerText()).toContain("mae");
  });

  test("goes on on the CPU when no other device can be had", async () => {
    await page.evaluate(() => {
      GPU.prototype.requestAdapter = async () => null;
      (Reflect.get(globalThis, "lastDevice") as GPUDevice).destroy();
    });
    await page.waitForSelector(".notice.lost");
    expect(await page.locator(".notice.lost").innerText()).toMatch(/goes on on the CPU/);
    expect(await page.locator(".no-gpu").innerText()).toMatch(/no graphics adapter/);
    await page.getByRole("button", { name: "huber", exact: true }).last().click();
    await eventually(() => page.locator(".pair .legend").first().innerText()).toContain("huber");
    expect(await page.locator(".status-line").innerText()).toMatch(/float64 on the CPU/);
  });

  test("without WebGPU says which case it is and what helps, and computes everything on the CPU", async () => {
    const bare = await browser.newContext({ viewport: NARROW });
    await bare.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined });
    });
    const other = await bare.newPage();
    listen(other);
    await other.goto(`${site.url}#explore?loss=infoNCE`);
    await ready("explore", other);
    expect(await other.locator(".no-gpu").innerText()).toMatch(
      /has no WebGPU.*Chrome.*on the CPU path/s,
    );
    expect(await other.locator(".pair .line").count()).toBe(2);
    await settle(other);
    await other.screenshot({ path: `${shots}/no-webgpu-360-light.png`, fullPage: true });
    expect(await other.evaluate(complaints)).toEqual([]);
    const open = async (hash: string): Promise<void> => {
      await other.goto(`${site.url}#${hash}`);
      await other.reload();
      await ready(hash.split("?")[0] as string, other);
    };
    await open("notebook");
    const card = other.locator(".card").first();
    await card.scrollIntoViewIfNeeded();
    await eventually(() => card.getAttribute("data-state")).toBe("drawn");
    await open("learn");
    await other.getByRole("button", { name: "One step" }).click();
    await eventually(() => other.locator(".reading").innerText()).toMatch(/^Step 1:/);
    await open("bench?preset=imagenet&tokens=64");
    await other.getByRole("button", { name: "Run the benchmark" }).click();
    const view = other.locator(".view-bench");
    await eventually(() => view.getAttribute("data-state")).toBe("done");
    expect(await other.locator(".results tbody th").allInnerTexts()).toEqual([
      "plain loop",
      "webgpu-loss, CPU path",
    ]);
    await bare.close();
  });

  test("passes every check of every loss on this device", async () => {
    page = checking;
    const view = page.locator(".view-check");
    await eventually(() => view.getAttribute("data-state")).toBe("done");
    const wrong = await page
      .locator("tr.failed")
      .evaluateAll((rows) => rows.map((row) => `${row.closest("details")?.id} ${row.textContent}`));
    expect(wrong).toEqual([]);
    expect(await page.locator(".check-summary").innerText()).toMatch(/^All \d{3,} checks pass/);
    await page
      .locator("details.check")
      .first()
      .evaluate((one) => one.setAttribute("open", ""));
    expect(await lookAt("check")).toEqual([]);
  });

  test("shows a wrong number in red, behind a link of its own", async () => {
    await page.evaluate(() => {
      const { getMappedRange } = GPUBuffer.prototype;
      GPUBuffer.prototype.getMappedRange = function (...args) {
        const range = getMappedRange.apply(this, args);
        const numbers = new Float32Array(range, 0, 1);
        numbers[0] = (numbers[0] as number) * 1.5;
        return range;
      };
    });
    await page.getByRole("button", { name: "Run again" }).click();
    const row = page.locator("tr.failed").first();
    await row.waitFor({ state: "attached" });
    await row.evaluate((one) => one.closest("details")?.setAttribute("open", ""));
    const [text, verdict] = await row.evaluate((one) => [
      getComputedStyle(one.querySelector("a") as Element).color,
      getComputedStyle(one.lastElementChild as Element).color,
    ]);
    expect([text, verdict]).toEqual(["rgb(179, 38, 30)", "rgb(179, 38, 30)"]);
    await row.locator("a").click();
    const hash = await page.evaluate(() => location.hash);
    expect(hash).toMatch(/^#check\?loss=\w+&case=\d+$/);
  });
});
