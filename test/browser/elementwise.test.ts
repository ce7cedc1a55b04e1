import { afterAll, describe, expect, test } from "vitest";
import {
  type Backend,
  dpo,
  gaussianKL,
  gaussianNLL,
  huber,
  type LossResult,
  mse,
  openBackend,
  quantile,
  type Tensor,
  tensor,
} from "../../src/index.js";
import {
  openAsHardware,
  openSoftware,
  planningAs,
  read,
  readAll,
  scaleOf,
  worst,
} from "../against.js";
import {
  allSubjects,
  drawn,
  extreme,
  type Numbers,
  type Options,
  run,
  type Subject,
} from "../elementwise.js";
import { fill, normalFrom, randomFrom } from "../random.js";

const reference = await openBackend({ kind: "cpu" });
const software = await openSoftware();
const hardware = await openAsHardware();
// Everything at its tightest: passes of three blocks, in a grid that two workgroups fill in a row.
const narrow = planningAs(
  { software: false, maxBinding: 65_536, maxInvocations: 16 },
  await openBackend({ kind: "webgpu" }),
);
const { limits } = narrow.device as GPUDevice;
Object.defineProperty(narrow.device, "limits", {
  value: new Proxy(limits, {
    get: (target, name) =>
      name === "maxComputeWorkgroupsPerDimension" ? 2 : target[name as keyof GPUSupportedLimits],
  }),
});
afterAll(() => narrow.destroy());

const RELATIVE = { value: 2e-6, gradient: 5e-6 };
const ABSOLUTE = 1e-7;
/** The worst share of the tolerance that any test used. */
const seen = { value: 0, gradient: 0 };

/** Lists where two results differ by more than 2e-6 (gradients: 5e-6) of the number and 1e-7 of the largest. */
async function differences(got: LossResult, want: LossResult, scale?: number): Promise<string[]> {
  const [found, expected] = [await readAll(got), await readAll(want)];
  return Object.entries(expected).flatMap(([path, numbers]) => {
    const kind = path.startsWith("gradients") ? "gradient" : "value";
    const absolute =
      ABSOLUTE * Math.max(scale ?? (kind === "gradient" ? scaleOf(numbers) : 1), 1e-30);
    const { share, at } = worst(
      found[path] ?? [],
      numbers,
      (x) => RELATIVE[kind] * Math.abs(x) + absolute,
    );
    seen[kind] = Math.max(seen[kind], share);
    return share > 1 ? [`${path}${at}: ${share.toPrecision(3)} times the tolerance`] : [];
  });
}

type Call = (backend: Backend) => Promise<LossResult>;
const compare = async (call: Call, backend: Backend, scale?: number): Promise<string[]> =>
  differences(await call(backend), await call(reference), scale);

describe("every loss under every option agrees with float64, value and gradients", () => {
  const each: Options = { reduction: "none", gradients: true };
  const inf = Number.POSITIVE_INFINITY;
  // The host refuses probabilities and variances that are not finite.
  const isJudged = ({ inputs }: Subject): boolean =>
    Object.values(inputs).some((kind) => kind === "unit" || kind === "positive");

  test.each(allSubjects)("$title", async (subject) => {
    const both = (numbers: Numbers, scale?: number): Promise<string[]> =>
      compare((backend) => run(subject, numbers, backend, each), software, scale);
    expect(await both(drawn(subject, 257))).toEqual([]);
    expect(await both(extreme(subject), 1)).toEqual([]);
    if (isJudged(subject)) return;
    expect(await both(extreme(subject, [Number.NaN, inf, -inf]), 1)).toEqual([]);
  });
});

const planned = [
  ["few lanes, as for a software adapter", software],
  ["bindings of 64 KiB and a grid of two workgroups in a row", narrow],
] as const;

const numbersOf = (size: number, seed: number): Float32Array =>
  Float32Array.from(fill(size, normalFrom(seed)));

/** Every tenth element hidden, and NaN behind it; the others at half or full weight. */
function masked(size: number): {
  mask: Float32Array;
  predictions: Float32Array;
  targets: Float32Array;
} {
  const mask = Float32Array.from({ length: size }, (_, at) =>
    at % 10 === 3 ? 0 : at % 2 ? 0.5 : 1,
  );
  const hide = (x: number, at: number): number => (mask[at] === 0 ? Number.NaN : x);
  return { mask, predictions: numbersOf(size, 1).map(hide), targets: numbersOf(size, 2).map(hide) };
}

describe.each(planned)("planned with %s", (_, backend) => {
  test.each([1, 2, 3, 31, 255, 257, 4097, 70_001])(
    "%i elements: mean and gradients",
    async (size) => {
      const args = [numbersOf(size, 3), numbersOf(size, 4)] as const;
      const call: Call = (on) => huber(...args, { backend: on, gradients: true });
      expect(await compare(call, backend)).toEqual([]);
    },
  );

  const reductions = [
    ...[
      "none",
      "sum",
      "mean",
      "meanCount",
      "weightedMean",
      "tokenMean",
      "sequenceMean",
      "batchMean",
    ],
    { denominator: 7 },
    { denominator: tensor(Float32Array.of(2.5), []) },
  ] as const;
  test.each(reductions)(
    "reduction %o with mask, weights and upstream, NaN behind the mask",
    async (reduction) => {
      const shape = [5, 1871];
      const size = 5 * 1871;
      const { mask, predictions, targets } = masked(size);
      const random = randomFrom(9);
      const options = {
        mask: tensor(mask, shape),
        sampleWeight: tensor(Float32Array.from(fill(size, random)), shape),
        upstream: tensor(Float32Array.from(fill(size, random)), shape),
        gradients: true,
        reduction: reduction as "sum",
      };
      const args = [tensor(predictions, shape), tensor(targets, shape)] as const;
      expect(
        await compare(
          (on) => mse(...args, { ...options, backend: on }),
          backend,
          sizeOfSum(reduction),
        ),
      ).toEqual([]);
    },
  );

  test("many short sequences, some of them empty", async () => {
    const shape = [1201, 7];
    const size = 1201 * 7;
    const mask = Uint8Array.from({ length: size }, (_, at) =>
      at % 21 < 7 || at % 5 === 0 ? 0 : 1,
    );
    const args = [tensor(numbersOf(size, 5), shape), tensor(numbersOf(size, 6), shape)] as const;
    const options = {
      mask: tensor(mask, shape),
      reduction: "sequenceMean",
      gradients: true,
    } as const;
    expect(await compare((on) => mse(...args, { ...options, backend: on }), backend)).toEqual([]);
  });

  test("one sequence longer than a slice", async () => {
    const shape = [2, 30_011];
    const { mask, predictions, targets } = masked(2 * 30_011);
    const args = [tensor(predictions, shape), tensor(targets, shape)] as const;
    const options = {
      mask: tensor(mask, shape),
      reduction: "sequenceMean",
      gradients: true,
    } as const;
    expect(await compare((on) => mse(...args, { ...options, backend: on }), backend)).toEqual([]);
  });

  test("four gradients with every factor need more passes, and the mask and weight in one buffer", async () => {
    const size = 20_011;
    const factor = (seed: number): Float32Array => numbersOf(size, seed).map(Math.abs);
    const mask = Uint8Array.from({ length: size }, (_, at) => (at % 4 === 0 ? 0 : 1));
    const options = {
      ...{ priorMeans: numbersOf(size, 13), priorLogVariances: numbersOf(size, 14), mask },
      ...{ sampleWeight: factor(15).map((x, at) => (at % 9 === 0 ? 0 : x)), upstream: factor(16) },
      reduction: "weightedMean",
      gradients: true,
    } as const;
    const args = [numbersOf(size, 11), numbersOf(size, 12)] as const;
    expect(
      await compare((on) => gaussianKL(...args, { ...options, backend: on }), backend),
    ).toEqual([]);
  });

  test("four inputs with four gradients, and two of them over their inputs", async () => {
    const size = 9001;
    const args = [21, 22, 23, 24].map((seed) => numbersOf(size, seed)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const copies = args.map((numbers) => numbers.slice()) as typeof args;
    const got = await dpo(...copies, {
      backend,
      gradients: {
        policyChosen: "inPlace",
        policyRejected: true,
        referenceChosen: true,
        referenceRejected: "inPlace",
      },
    });
    expect(
      await differences(got, await dpo(...args, { backend: reference, gradients: true })),
    ).toEqual([]);
  });

  const stretches = [
    [[300, 70], [70]],
    [
      [300, 70],
      [300, 1],
    ],
    [[300, 70], [1]],
    [
      [30, 7, 90],
      [30, 1, 90],
    ],
    [
      [30, 7, 90],
      [7, 1],
    ],
    [
      [7, 1, 40, 3],
      [5, 1, 3],
    ],
    [
      [2, 9000],
      [2, 1],
    ],
  ] as const;
  test.each(stretches)("[%s] with [%s], broadcast", async (left, right) => {
    const make = (shape: readonly number[], seed: number): Tensor =>
      tensor(
        numbersOf(
          shape.reduce((a, b) => a * b, 1),
          seed,
        ),
        shape,
      );
    const args = [make(left, 31), make(right, 32)] as const;
    const call: Call = (on) => huber(...args, { backend: on, broadcast: true, gradients: true });
    expect(await compare(call, backend)).toEqual([]);
  });

  test("one variance for all, masked", async () => {
    const size = 20_000;
    const { mask, predictions, targets } = masked(size);
    const args = [predictions, targets, [0.75]] as const;
    const options = { broadcast: true, gradients: true, mask } as const;
    expect(
      await compare((on) => gaussianNLL(...args, { ...options, backend: on }), backend),
    ).toEqual([]);
  });

  test("quantiles of three tau, gradients to predictions and shared targets", async () => {
    const args = [tensor(numbersOf(9000, 41), [3000, 3]), numbersOf(3000, 42)] as const;
    const options = { tau: [0.1, 0.5, 0.9], gradients: true } as const;
    expect(await compare((on) => quantile(...args, { ...options, backend: on }), backend)).toEqual(
      [],
    );
  });

  test("nothing at all: NaN or 0, and gradients of no element", async () => {
    const nothing = new Float32Array(0);
    for (const emptyMean of ["nan", "zero"] as const) {
      const call: Call = (on) => mse(nothing, nothing, { backend: on, emptyMean, gradients: true });
      expect(await compare(call, backend)).toEqual([]);
    }
  });

  test("a stretched input of nothing has gradient 0", async () => {
    const args = [
      tensor(new Float32Array(0), [0, 3]),
      tensor(Float32Array.of(1, 2, 3), [3]),
    ] as const;
    const call: Call = (on) =>
      mse(...args, { backend: on, broadcast: true, gradients: true, reduction: "sum" });
    expect(await compare(call, backend)).toEqual([]);
  });

  test("two runs give the same bits", async () => {
    const args = [numbersOf(30_001, 51), numbersOf(3, 52)] as const;
    const stretched = [args[0].slice(0, 30_000), args[1]].map((data, at) =>
      tensor(data, at === 0 ? [10_000, 3] : [3]),
    ) as [Tensor, Tensor];
    const once = () => mse(...stretched, { backend, broadcast: true, gradients: true });
    const [first, second] = [await readAll(await once()), await readAll(await once())];
    expect(first).toEqual(second);
  });
});

/** Sums are large, and rounded where they are. */
const sizeOfSum = (reduction: unknown): number | undefined =>
  reduction === "none" ? 1 : undefined;

describe("what is stored in 16 bits, or as integers", () => {
  const shape = [33, 31];
  const size = 33 * 31;
  const [left, right] = [numbersOf(size, 61), numbersOf(size, 62)];
  const formats = ["f32", "f16", "bf16"] as const;

  const mixed = formats.flatMap((a) => formats.map((b) => [a, b] as const));
  test.each(mixed)("%s predictions and %s targets", async (a, b) => {
    const args = [tensor(left, shape, { dtype: a }), tensor(right, shape, { dtype: b })] as const;
    const call: Call = (on) => huber(...args, { backend: on, gradients: true });
    expect(await compare(call, software)).toEqual([]);
  });

  const labels = [
    Int32Array.from({ length: size }, (_, at) => (at % 3) - 1),
    Uint32Array.from({ length: size }, (_, at) => at % 3),
    Uint8Array.from({ length: size }, (_, at) => at % 3),
    BigInt64Array.from({ length: size }, (_, at) => (at === 7 ? 2n ** 40n : BigInt((at % 3) - 1))),
  ];
  test.each(labels)("targets in an %o", async (targets) => {
    const call: Call = (on) => huber(left, targets, { backend: on, gradients: true });
    expect(await compare(call, software)).toEqual([]);
  });

  test("a half-precision mask, weight and upstream", async () => {
    const half = (seed: number): Tensor =>
      tensor(
        numbersOf(size, seed).map((x) => Math.round(Math.abs(x))),
        shape,
        { dtype: "f16" },
      );
    const options = {
      mask: half(63),
      sampleWeight: half(64),
      upstream: half(65),
      gradients: true,
    } as const;
    const args = [tensor(left, shape), tensor(right, shape)] as const;
    expect(await compare((on) => mse(...args, { ...options, backend: on }), software)).toEqual([]);
  });

  /** What storing the gradient rounds away. */
  const rounding = { f32: 1e-6, f16: 2 ** -11, bf16: 2 ** -8 } as const;
  test.each(formats)("gradients over %s inputs have their format", async (dtype) => {
    for (const backend of [software, hardware, narrow]) {
      const make = (data: Float32Array) => tensor(data.slice(), [size], { dtype });
      const got = await mse(make(left), make(right), {
        ...{ backend, reduction: "sum" },
        gradients: { predictions: "inPlace", targets: "inPlace" },
      });
      const want = await mse(make(left), make(right), {
        backend: reference,
        reduction: "sum",
        gradients: true,
      });
      for (const name of ["predictions", "targets"] as const) {
        expect(got.gradients[name].dtype).toBe(dtype);
        const [found, expected] = [
          await read(got.gradients[name]),
          await read(want.gradients[name]),
        ];
        const { share, at } = worst(found, expected, (x) => rounding[dtype] * Math.abs(x) + 1e-6);
        expect(share, at).toBeLessThanOrEqual(1);
      }
      expect(await got.loss.item()).toBeCloseTo(await want.loss.item(), 2);
    }
  });

  test.each([0, 1, 2, 3].flatMap((offset) => [5, 6].map((count) => [offset, count] as const)))(
    "half-precision gradients from element %i on, %i of them, leave their neighbours alone",
    async (offset, count) => {
      for (const backend of [software, hardware]) {
        const device = backend.device as GPUDevice;
        const bits = tensor(
          Float32Array.from({ length: 12 }, (_, at) => at + 1),
          [12],
          { dtype: "f16" },
        );
        const before = Array.from(await read(bits));
        const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
        const buffer = device.createBuffer({ size: 24, usage });
        device.queue.writeBuffer(
          buffer,
          0,
          (bits.storage as { data: Uint16Array<ArrayBuffer> }).data,
        );
        const view = (from: number, length: number): Tensor =>
          tensor({ buffer, offset: 2 * from, size: 2 * length }, [length], {
            dtype: "f16",
            backend,
          });
        await mse(view(offset, count), new Float32Array(count), {
          ...{ backend, reduction: "sum", gradients: { predictions: "inPlace" } },
        });
        const after = Array.from(await read(view(0, 12)));
        const expected = before.map((x, at) => (at >= offset && at < offset + count ? 2 * x : x));
        expect(after).toEqual(expected);
        buffer.destroy();
      }
    },
  );
});

describe("kinks, plans and counts", () => {
  test("at the kink the slope is 0, or what PyTorch gives", async () => {
    const { hinge, hingeEmbedding, marginRanking } = await import("../../src/index.js");
    for (const kink of ["zero", "torch"] as const) {
      const options = { kink, margin: 1, reduction: "none", gradients: true } as const;
      const calls: Call[] = [
        (on) => hinge([1, 0.5], [1, 1], { ...options, backend: on }),
        (on) => hingeEmbedding([1, 0.5], [-1, -1], { ...options, backend: on }),
        (on) => marginRanking([2, 0], [1, 0], [1, 1], { ...options, backend: on }),
      ];
      for (const call of calls) expect(await compare(call, software)).toEqual([]);
    }
  });

  test("a plan takes new numbers for its options without compiling", async () => {
    const shapes = { predictions: [4], targets: [4] };
    const plan = await huber.plan(shapes, { backend: software, delta: 1, gradients: true });
    const inputs = { predictions: Float32Array.of(0.5, 2, -3, 4), targets: new Float32Array(4) };
    for (const delta of [1, 2.5]) {
      const want = await huber(inputs.predictions, inputs.targets, {
        backend: reference,
        delta,
        gradients: true,
      });
      expect(await differences(plan.run(inputs, { delta }), want)).toEqual([]);
    }
    plan.destroy();
  });

  test("the status words count what took part and what is not finite", async () => {
    const mask = Uint8Array.of(1, 1, 1, 0);
    const args = [
      Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, 1, Number.NaN),
      new Float32Array(4),
    ] as const;
    for (const reduction of ["mean", "sum", "none", "weightedMean"] as const) {
      const options = { mask, reduction };
      const got = await mse(...args, { ...options, backend: software });
      const want = await mse(...args, { ...options, backend: reference });
      expect(await got.stats.read()).toEqual(await want.stats.read());
    }
  });

  test("more than 65 535 workgroups for the numbers of a stretched input", async () => {
    const columns = 65_536 * 4 + 3;
    const args = [
      tensor(numbersOf(2 * columns, 71), [2, columns]),
      tensor(numbersOf(columns, 72), [columns]),
    ] as const;
    const options = { broadcast: true, gradients: true } as const;
    expect(await compare((on) => mse(...args, { ...options, backend: on }), software)).toEqual([]);
  });
});
