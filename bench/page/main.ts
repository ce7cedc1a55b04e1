import { fused256 } from "../contenders/fused256.js";
import { limits } from "../contenders/limits.js";
import { multiplyAdd } from "../contenders/multiplyAdd.js";
import { cpuPaths, plainLoop } from "../contenders/onCpu.js";
import { unfused } from "../contenders/unfused.js";
import { webgpuLoss } from "../contenders/webgpuLoss.js";
import { jaxes } from "../peers/jax.js";
import { onnxruntimes } from "../peers/onnxruntime.js";
import { tensorflows } from "../peers/tensorflow.js";
import { cases, problemOf } from "./cases.js";
import { compare } from "./compare.js";
import type { Contender, Failure, Opened, Row } from "./contract.js";
import { type Corner, judgeCorners } from "./corners.js";
import { type FirstCall, firstCall } from "./firstCall.js";
import { type Growth, growth } from "./growth.js";
import { hostTime } from "./hostTime.js";
import { watchBuffers } from "./ledger.js";
import { Pace } from "./pace.js";
import { type Product, productTime } from "./productTime.js";
import { type Tuned, tune } from "./tune.js";

/** What the runner asks of the page. */
export interface Config {
  readonly budgetMs: number;
  /** Logits of the largest problem, by the kind of adapter. */
  readonly elements: { readonly software: number; readonly hardware: number };
  /** Words of which one must be part of a contender's name; empty for all. */
  readonly only: readonly string[];
  readonly shapes: readonly string[];
  readonly peers: boolean;
}

export interface Outcome {
  readonly adapter: string;
  readonly software: boolean;
  readonly elements: number;
  readonly rows: readonly Row[];
  readonly failures: readonly Failure[];
  readonly firstCall: FirstCall;
  readonly host: { readonly medianUs: number; readonly p90Us: number };
  readonly product: Product;
  readonly growth: readonly Growth[];
  readonly corners: readonly Corner[];
}

declare global {
  /** Given by the runner: a line of progress. */
  function report(line: string): void;
  function bench(config: Config): Promise<Outcome>;
  function tuneShapes(config: Config): Promise<TuneOutcome>;
}

/** The best kernel shape for each problem, beside the one that the library's table chooses. */
export interface TuneOutcome {
  readonly adapter: string;
  readonly software: boolean;
  readonly tuned: readonly Tuned[];
}

watchBuffers();

const matches = (words: readonly string[], name: string): boolean =>
  words.length === 0 || words.some((word) => name.toLowerCase().includes(word.toLowerCase()));

async function adapterOf(): Promise<{ adapter: string; software: boolean }> {
  const found = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!found) throw new Error("no WebGPU adapter");
  const { vendor, architecture, description, isFallbackAdapter } = found.info;
  const adapter = [vendor, architecture, description].filter(Boolean).join(" ") || "unnamed";
  const software = isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(adapter);
  return { adapter, software };
}

globalThis.tuneShapes = async (config) => {
  const found = await adapterOf();
  const elements = config.elements[found.software ? "software" : "hardware"];
  return { ...found, tuned: await tune(elements / 2, report) };
};

globalThis.bench = async (config) => {
  const began = performance.now();
  const found = await adapterOf();
  const elements = config.elements[found.software ? "software" : "hardware"];
  // Before anything else has compiled: a first call must be a first call.
  report("first call, on a fresh device");
  const first = await firstCall();
  report("host time of plan.run");
  const host = await hostTime();
  report("a similarity matrix");
  const product = await productTime(elements);
  const peers = config.peers ? [...tensorflows, ...jaxes, ...onnxruntimes] : [];
  const own = [...webgpuLoss, ...cpuPaths, plainLoop, unfused, fused256];
  const all: Contender[] = [...own, ...peers, ...limits, multiplyAdd];
  const contenders = all.filter(({ name }) => matches(config.only, name));
  const chosen = cases.filter(({ id, name }) => matches(config.shapes, `${id} ${name}`));
  const pace = new Pace();
  const opened = new Map<Contender, Opened>();
  const rows: Row[] = [];
  const failures: Failure[] = [];
  const corners = await judgeCorners(contenders, pace, report);
  const grown = await growth(8 * elements, report);
  for (const [at, shape] of chosen.entries()) {
    const left = config.budgetMs - (performance.now() - began);
    const share = Math.max(left, 0) / (chosen.length - at);
    // A machine that is busy with other things gets smaller problems, not a longer run.
    const usual = (0.8 * config.budgetMs) / chosen.length;
    const size = elements * Math.min(Math.max(share / usual, 0.5), 1);
    const result = await compare(contenders, opened, problemOf(shape, size), share, pace, report);
    for (const row of result.rows.filter(({ contender }) => contender.startsWith("webgpu-loss"))) {
      report(`${row.shape}, ${row.work}: ${row.contender} ${row.medianMs.toFixed(2)} ms`);
    }
    rows.push(...result.rows);
    failures.push(...result.failures);
  }
  for (const session of opened.values()) session.close();
  const measured = { rows, failures, firstCall: first, host, product, growth: grown, corners };
  return { ...found, elements, ...measured };
};
