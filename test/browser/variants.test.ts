import { afterAll, describe, expect, test } from "vitest";
import {
  type Backend,
  type CommonOptions,
  crossEntropy,
  openBackend,
  tensor,
} from "../../src/index.js";
import { assemble } from "../../src/module.js";
import type { CrossEntropyShape, Pass, Target } from "../../src/plan.js";
import { disagreements, openAsHardware, readAll } from "../against.js";
import { rowsOfAll } from "../distributions.js";
import { settings, tryPoison } from "../poisonCases.js";
import { fill, randomFrom } from "../random.js";
import { programOf, targets } from "../variants.js";

// Kernels that the table would not choose here: each must be right wherever it runs.
const reference = await openBackend({ kind: "cpu" });
const plain = { rows: 1, parts: 1, few: false, subgroups: false, quads: true };
const shapes: readonly (readonly [string, CrossEntropyShape])[] = [
  ["5 parts of 4 lanes", { ...plain, lanes: 4, parts: 5 }],
  ["3 parts of 16 lanes in subgroups", { ...plain, lanes: 16, parts: 3, subgroups: true }],
  ["16 lanes in subgroups, 4 rows", { ...plain, lanes: 16, rows: 4, subgroups: true }],
];
const backends = await Promise.all(
  shapes.map(async ([title, shape]) => {
    const backend = await openAsHardware({ shape });
    return [title, shape.subgroups && !backend.features.has("subgroups") ? undefined : backend];
  }),
);
const able = backends.filter((entry): entry is [string, Backend] => entry[1] !== undefined);
afterAll(() => {
  for (const [, backend] of able) backend.destroy();
});

/** Rows of every distribution, some of them ignored, and their options. */
function problem(classes: number, soft: boolean) {
  const { logits, labels, rows } = rowsOfAll(1, classes, classes);
  const random = randomFrom(classes);
  const shape = [rows, classes] as const;
  const ignored = labels.map((label, row) => (row % 4 === 3 ? -100 : label));
  const shares = Float32Array.from(fill(rows * classes, random));
  const weight = Float32Array.from(fill(classes, () => 0.5 + random()));
  return { logits, shape, targets: soft ? tensor(shares, shape) : ignored, weight };
}

describe.each(able)("%s", (title, backend) => {
  test.each([1, 1031])("%i classes with every option", async (classes) => {
    const { logits, shape, targets, weight } = problem(classes, false);
    const outputs = ["logSumExp", "logProbs", "entropy", "correct"] as const;
    const mixed = { weight, labelSmoothing: 0.1, outputs, gradients: true } as const;
    const temperature = tensor([1.5], []);
    const learned = { temperature, gradients: ["logits", "temperature"] } as const;
    const input = tensor(logits, shape);
    // Rows whose temperature is learned are never split.
    for (const each of title.includes("parts") ? [mixed] : [mixed, learned]) {
      const given = { ...each, reduction: "none" } as CommonOptions<
        "logits" | "temperature",
        never
      >;
      const got = await crossEntropy(input, targets, { ...given, backend });
      const want = await crossEntropy(input, targets, { ...given, backend: reference });
      expect(await disagreements(got, want)).toEqual([]);
    }
  });

  test.each([4099, 50_257])("%i classes, the same bits each time", async (classes) => {
    const { logits, shape, targets } = problem(classes, false);
    const input = tensor(logits, shape);
    const options = { gradients: true, reduction: "none" } as const;
    const run = () => crossEntropy(input, targets, { ...options, backend });
    const [got, again] = [await readAll(await run()), await readAll(await run())];
    expect(got["loss"]).toEqual(again["loss"]);
    const slopes = got["gradients.logits"];
    expect(again["gradients.logits"]?.every((x, at) => Object.is(x, slopes?.[at]))).toBe(true);
    const want = await crossEntropy(input, targets, { ...options, backend: reference });
    expect(await disagreements(await run(), want)).toEqual([]);
  });

  test("a gradient over 16-bit logits", async () => {
    const dtype = "f16";
    const { logits, shape, targets } = problem(1031, false);
    const input = tensor(logits, shape, { dtype });
    const got = await crossEntropy(input, targets, { gradients: { logits: "inPlace" }, backend });
    const want = await crossEntropy(input, targets, { gradients: true, backend: reference });
    expect(await disagreements(got, want, { storage: dtype })).toEqual([]);
  });

  test("probabilities, with both gradients", async () => {
    const { logits, shape, targets, weight } = problem(1031, true);
    const input = tensor(logits, shape);
    const options = { weight, gradients: ["logits", "targets"], reduction: "none" } as const;
    const got = await crossEntropy(input, targets, { ...options, backend });
    const want = await crossEntropy(input, targets, { ...options, backend: reference });
    expect(await disagreements(got, want)).toEqual([]);
  });

  const some = [
    ...settings.filter(({ title }) => /131|probabilities, smoothed/.test(title)),
    { title: "plain, 132 classes", classes: 132 },
  ];
  test.each(some)("poisoned rows, $title", async (setting) => {
    expect((await tryPoison(setting, backend, false)).wrong).toEqual([]);
  });
});

// Rows that begin anywhere, in bindings of a few rows each: four logits are read at once where memory has them together.
describe("logits read by fours", async () => {
  const shape = { ...plain, lanes: 16, rows: 4 };
  const backend = await openAsHardware({ shape, maxBinding: 2 ** 15 });
  afterAll(() => backend.destroy());

  const outputs = ["logSumExp", "logProbs", "correct"] as const;
  const places = [undefined, true, "inPlace"] as const;
  test.each([
    ...places.flatMap((place) => [["f32", 1031, place] as const, ["f32", 1032, place] as const]),
    ["f32", 16, true] as const,
    ["f32", 17, undefined] as const,
    ["f16", 1031, undefined] as const,
    ["f16", 1032, true] as const,
    ["bf16", 1033, undefined] as const,
  ])("%s, %i classes, gradient %s, behind 0 to 4 other logits", async (dtype, classes, place) => {
    const { logits, shape: extents, targets } = problem(classes, false);
    const labels = targets as Int32Array;
    // Rows that lanes look at element by element, all of them or some.
    logits[labels[0] as number] = Number.NEGATIVE_INFINITY;
    if (dtype === "f32") logits[classes + 5] = 1e38;
    const { data } = tensor(logits, extents, { dtype }).storage as { data: Float32Array };
    const stored = await tensor(logits, extents, { dtype }).read();
    const options = { outputs, reduction: "none" } as const;
    for (let before = 0; before <= 4; before++) {
      const bytes = data.BYTES_PER_ELEMENT;
      const whole = new Uint8Array(Math.ceil(((data.length + 2 * before) * bytes) / 4) * 4);
      // NaN in every format, before and behind.
      whole.fill(0xff).set(new Uint8Array(data.buffer, 0, data.length * bytes), before * bytes);
      const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
      const gpu = backend.device as GPUDevice;
      const buffer = gpu.createBuffer({ size: whole.byteLength, usage });
      gpu.queue.writeBuffer(buffer, 0, whole);
      const input = tensor({ buffer, offset: before * bytes }, extents, { dtype, backend });
      const gradients = place ? { logits: place } : {};
      const got = await crossEntropy(input, labels, { ...options, gradients, backend });
      const want = await crossEntropy(tensor(stored, extents), labels, {
        ...options,
        gradients: place ? ["logits"] : [],
        backend: reference,
      });
      expect(await disagreements(got, want), `${before} before`).toEqual([]);
      buffer.destroy();
    }
  });
});

// WGSL does not say which threads make a subgroup. Here they are renamed, so that they are no neighbours.
const driver = /* wgsl */ `
@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) index: u32) {
  let thread = RENAMED;
  var row: Row;
  row.nats = 1.0;
  var sums = nothing();
  sums.base = 1.0;
  sums.rest = f32(thread);
  let all = joinedLanes(row, sums, thread);
  stats[thread] = bitcast<u32>(all.rest);
  stats[THREADS + thread] = bitcast<u32>(joinedSum(f32(thread) + 1.0, thread));
}`;
const device = able[0]?.[1].device as GPUDevice | undefined;
test.runIf(device?.features.has("subgroups")).each([
  ["neighbours", "index"],
  ["scattered", "(index * 5u + 3u) % THREADS"],
  [
    "scattered in the second row alone",
    "select(index, 16u + (index * 5u + 3u) % 16u, index >= 16u)",
  ],
])("lanes are joined where the threads of a subgroup are %s", async (_, renamed) => {
  const gpu = device as GPUDevice;
  const on = { ...(targets["gpu"] as Target), features: new Set(["subgroups"]) };
  const shapes = { logits: { shape: [64, 100] }, targets: { shape: [64], dtype: "i32" } };
  const { passes } = programOf(shapes, {}, on);
  const { kernel } = passes.find((pass) => pass.kernel.label === "cross-entropy: losses") as Pass;
  const code = assemble({
    ...kernel,
    constants: { ...kernel.constants, LANES: 16, ROWS: 2 },
    parts: [...kernel.parts.slice(0, -1), driver.replace("RENAMED", renamed)],
  });
  const module = gpu.createShaderModule({ code });
  const compute = { module, entryPoint: "main" };
  const pipeline = await gpu.createComputePipelineAsync({ layout: "auto", compute });
  const buffer = gpu.createBuffer({
    size: 256,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
  });
  const entries = [{ binding: 5, resource: { buffer } }];
  const encoder = gpu.createCommandEncoder();
  const recorder = encoder.beginComputePass();
  recorder.setPipeline(pipeline);
  recorder.setBindGroup(
    0,
    gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }),
  );
  recorder.dispatchWorkgroups(1);
  recorder.end();
  gpu.queue.submit([encoder.finish()]);
  const numbers = await tensor(buffer, [64], { backend: able[0]?.[1] as Backend }).read();
  buffer.destroy();
  const sums = [120, 376, 136, 392];
  expect([...numbers]).toEqual(sums.flatMap((sum) => Array(16).fill(sum)));
});
