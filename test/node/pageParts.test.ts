import { describe, expect, it } from "vitest";
import { type Backend, crossEntropy, openBackend } from "../../src/index.js";
import { needOf } from "../../src/page/bench/size.js";
import { linear, niceDomain, ticks, tickTexts } from "../../src/page/chart/scale.js";
import { diagnose } from "../../src/page/parts/diagnose.js";
import { bytes, fixed, num, tiny, words } from "../../src/page/parts/format.js";
import { toMathML } from "../../src/page/parts/tex.js";
import { compareNumbers, verify } from "../../src/verify.js";

describe("a browser without WebGPU is told what helps it", () => {
  const here = { secure: true, hasGpu: false, hasAdapter: false };
  const agents = {
    firefoxLinux: "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0",
    firefoxWindows:
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    safari:
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Safari/605.1.15",
    iphone:
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 Version/18.2 Mobile/15E148 Safari/604.1",
    chromeLinux:
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    chromeWindows:
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/110.0.0.0 Safari/537.36",
  };
  it.each([
    ["firefoxLinux", /Firefox for Linux has no WebGPU/],
    ["firefoxWindows", /version 141/],
    ["safari", /Safari 26/],
    ["iphone", /iOS 26/],
    ["chromeLinux", /chrome:\/\/flags\/#enable-unsafe-webgpu/],
    ["chromeWindows", /version 113/],
  ] as const)("%s", (name, fix) => {
    expect(diagnose({ ...here, userAgent: agents[name] }).fix).toMatch(fix);
  });

  it("knows an insecure page, a missing adapter and a refused device apart", () => {
    const userAgent = agents.chromeLinux;
    expect(diagnose({ secure: false, hasGpu: false, hasAdapter: false, userAgent }).case).toBe(
      "insecure",
    );
    expect(diagnose({ secure: true, hasGpu: true, hasAdapter: false, userAgent })).toMatchObject({
      case: "no adapter",
      fix: expect.stringMatching(/chrome:\/\/gpu/),
    });
    expect(diagnose({ secure: true, hasGpu: true, hasAdapter: true, userAgent }).case).toBe(
      "no device",
    );
  });
});

describe("formulas become MathML", () => {
  it("takes one digit as an argument, scripts and fences as TeX does", () => {
    expect(toMathML(String.raw`\tfrac12 r^2`)).toBe(
      '<math display="block"><mstyle displaystyle="false"><mfrac><mn>1</mn><mn>2</mn></mfrac></mstyle><msup><mi>r</mi><mrow><mn>2</mn></mrow></msup></math>',
    );
    expect(toMathML(String.raw`\left(x\right)`)).toContain(
      '<mo stretchy="true">(</mo><mi>x</mi><mo stretchy="true">)</mo>',
    );
  });
  it("stacks the limits of a sum in display, and not in text style", () => {
    expect(toMathML(String.raw`\sum_i x_i`)).toContain("<munder>");
    expect(toMathML(String.raw`\textstyle\sum_i x_i`)).not.toContain("<munder>");
  });
  it("shows a command that it does not know instead of losing it", () => {
    expect(toMathML(String.raw`\frobnicate x`)).toContain(
      String.raw`<merror><mtext>\frobnicate</mtext></merror>`,
    );
  });
  it("never lets text become markup", () => {
    expect(toMathML("\\text{<b>}")).toContain("&lt;b&gt;");
  });
});

describe("axes", () => {
  it("have round ticks with as many decimals as they need", () => {
    expect(tickTexts(ticks([-1, 1], 5))).toEqual(["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
    expect(tickTexts(ticks([0, 25], 5))).toEqual(["0", "5", "10", "15", "20", "25"]);
  });
  it("cover the data, keep zero where it is near, and survive data without numbers", () => {
    expect(niceDomain([[0.1, 4.2]])).toEqual([0, 5]);
    expect(niceDomain([[100, 101]])[0]).toBeGreaterThan(99);
    expect(niceDomain([[Number.NaN, Number.POSITIVE_INFINITY]])).toEqual([0, 1]);
  });
  it("invert what they map", () => {
    const scale = linear([-2, 6], [10, 410]);
    expect(scale.invert(scale.at(1.5))).toBeCloseTo(1.5);
  });
});

describe("numbers are written for reading", () => {
  it("with a true minus, powers of ten where they are shorter, and words from names", () => {
    expect([num(-0.5), num(1234567), num(2.5e-7), num(Number.NEGATIVE_INFINITY)]).toEqual([
      "−0.5",
      "1,235,000",
      "2.50 × 10⁻⁷",
      "−∞",
    ]);
    expect([fixed(-0.0001, 2), tiny(3.14e-7), bytes(201028), words("labelSmoothing")]).toEqual([
      "0.00",
      "3.1e−7",
      "196 KiB",
      "label smoothing",
    ]);
  });
});

describe("the benchmark looks ahead", () => {
  const gpu = (software: boolean) =>
    ({
      kind: "webgpu",
      info: { name: "", software },
      limits: { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 27 },
    }) as unknown as Backend;
  it("refuses what no buffer holds, with the reason", () => {
    expect(needOf(gpu(false), 4096, 151936, "loss").refusal).toMatch(/one buffer may have 1 GiB/);
    expect(needOf(gpu(false), 512, 50257, "loss+gradient").refusal).toBeUndefined();
  });
  it("keeps software adapters from runs of minutes, and says why the unfused pipeline sits out", () => {
    expect(needOf(gpu(true), 1024, 50257, "loss").refusal).toMatch(/software adapter/);
    expect(needOf(gpu(false), 1024, 50257, "loss").unfused).toMatch(/one binding/);
  });
});

describe("verify", () => {
  it("compares value, gradients and outputs of two backends", async () => {
    const cpu = await openBackend({ kind: "cpu" });
    const { ok, worst, got } = await verify(
      crossEntropy,
      [[[2, 1, 0]], [0]],
      { gradients: true, outputs: ["entropy"] },
      cpu,
      cpu,
    );
    expect(ok).toBe(true);
    expect(worst.map(({ path }) => path).sort()).toEqual(["entropy", "gradients.logits", "loss"]);
    expect(got["loss"]?.[0]).toBeCloseTo(0.40760596444438);
  });
  it("finds the element that used most of its tolerance, and no NaN passes for a number", () => {
    expect(compareNumbers("loss", [1, 2.1, 3], [1, 2, 3])).toMatchObject({
      index: 1,
      got: 2.1,
      expected: 2,
    });
    expect(compareNumbers("loss", [Number.NaN], [1]).used).toBe(Number.POSITIVE_INFINITY);
    expect(compareNumbers("loss", [1], [Number.NaN]).used).toBe(Number.POSITIVE_INFINITY);
    expect(compareNumbers("loss", [Number.NaN], [Number.NaN]).used).toBe(0);
    expect(compareNumbers("loss", [], [1]).used).toBe(Number.POSITIVE_INFINITY);
  });
  it("takes an overflow of float32 for infinity, and nothing else", () => {
    expect(compareNumbers("loss", [Number.POSITIVE_INFINITY], [1e60]).used).toBe(0);
    expect(compareNumbers("loss", [Number.POSITIVE_INFINITY], [1e30]).used).toBe(
      Number.POSITIVE_INFINITY,
    );
  });
  it("scales the absolute part of a gradient's tolerance by its largest element", () => {
    expect(compareNumbers("gradients.x", [1000, 1e-4], [1000, 0]).used).toBeLessThan(1);
    expect(compareNumbers("gradients.x", [0.001, 1e-4], [0.001, 0]).used).toBeGreaterThan(1);
  });
});
