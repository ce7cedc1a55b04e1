import { crossEntropy } from "../src/index.js";
import { assemble } from "../src/module.js";
import type { Kernel, Pass, Program, Target } from "../src/plan.js";
import { plannedProgram } from "./planners.js";
import { randomFrom } from "./random.js";

/** Devices as a planner sees them. */
export const targets: Readonly<Record<string, Target>> = {
  software: target({ software: true }),
  gpu: target({}),
  "gpu with small bindings": target({ maxBinding: 2 ** 16 }),
};

function target(change: Partial<Target>): Target {
  return {
    software: false,
    features: new Set(),
    maxBinding: 2 ** 27,
    maxInvocations: 256,
    alignment: 256,
    ...change,
  };
}

type Shapes = Record<string, { shape: readonly number[]; dtype?: string }>;

/** What the planner makes of a call with these shapes. */
export function programOf(shapes: Shapes, options: object, on: Target): Program {
  return plannedProgram(crossEntropy.spec, shapes, options, on, true);
}

/** A valid call by chance: layout, formats, options, outputs and gradients. */
function randomCall(random: () => number): { shapes: Shapes; options: object } {
  const one = <T>(...choices: readonly T[]): T =>
    choices[Math.floor(random() * choices.length)] as T;
  const flag = (): boolean => random() < 0.5;
  const layout = one("rows", "rows", "image", "tokens");
  const classes = one(5, 700, 2000, 9000);
  const count = one(4, 40);
  const lossShape = layout === "rows" ? [count] : layout === "image" ? [2, 3, 2] : [3, count];
  const shape = layout === "image" ? [2, classes, 3, 2] : [...lossShape, classes];
  const soft = layout !== "tokens" && random() < 0.4;
  const dtype = one("f32", "f16", "bf16");
  const shapes: Shapes = {
    logits: { shape, dtype },
    targets: soft
      ? { shape, dtype: one("f32", "f16", "bf16") }
      : { shape: lossShape, dtype: one("i32", "u32", "i64") },
  };
  if (flag()) shapes["weight"] = { shape: [classes] };
  if (flag())
    shapes["mask"] = { shape: lossShape, dtype: one("f32", "f16", "bf16", "i32", "u32", "i64") };
  if (flag()) shapes["sampleWeight"] = { shape: lossShape };
  if (flag()) shapes["upstream"] = { shape: one<readonly number[]>(lossShape, []) };
  const learned = flag();
  if (learned) shapes["temperature"] = { shape: [] };
  const inPlace = flag() && !(layout === "image" && dtype !== "f32");
  const gradients = {
    ...(flag() ? { logits: inPlace ? "inPlace" : true } : {}),
    ...(soft && flag() ? { targets: true } : {}),
    ...(learned && flag() ? { temperature: true } : {}),
  };
  const outputs = ["logSumExp", "entropy", ...(soft ? [] : ["logProbs"]), "correct"].filter(flag);
  const options = {
    gradients,
    outputs,
    labelSmoothing: one(0, 0.1),
    softcap: one(0, 30),
    zLoss: one(0, 1e-4),
    reduction: one("none", "sum", "mean", "weightedMean", "tokenMean", "sequenceMean", "batchMean"),
    ...(layout === "image" ? { classAxis: 1 } : {}),
    ...(layout === "tokens" ? { shift: flag() } : {}),
  };
  return { shapes, options };
}

/** A module that some call needs, with the pass that runs it. */
export interface Module {
  readonly name: string;
  readonly text: string;
  readonly kernel: Kernel;
  readonly pass: Pass;
}

/** What was chosen: each constant, each bit of the outputs, each piece. */
function factsOf({ parts, constants }: Kernel): string[] {
  const { STATS = 0, ...others } = constants;
  return [
    ...Object.entries(others).map(([name, value]) => `${name}=${value}`),
    ...[1, 2, 4, 8, 16].map((bit) => `output ${bit}: ${(Number(STATS) & bit) !== 0}`),
    ...parts.map((part) => part.slice(0, 60)),
  ];
}

function pairsOf(kernel: Kernel): string[] {
  const facts = factsOf(kernel);
  return facts.flatMap((first, at) =>
    facts.slice(at).map((second) => `${kernel.label}|${first}|${second}`),
  );
}

/** Kernels in which every two facts meet that meet at all: those first that bring many new pairs. */
function coverPairs<T extends { kernel: Kernel }>(all: readonly T[]): T[] {
  const met = new Set<string>();
  const chosen: T[] = [];
  const pairs = new Map(all.map((item) => [item, pairsOf(item.kernel)]));
  for (const enough of [120, 60, 30, 15, 8, 4, 2, 1]) {
    for (const [item, list] of pairs) {
      if (list.filter((pair) => !met.has(pair)).length < enough) continue;
      for (const pair of list) met.add(pair);
      chosen.push(item);
      pairs.delete(item);
    }
  }
  return chosen;
}

let known: Module[] | undefined;

/** Modules of cross-entropy, few enough to compile them all, and enough to have every pair of choices in one. */
export function crossEntropyModules(): readonly Module[] {
  if (known) return known;
  const random = randomFrom(1);
  const passes = new Map<string, Pass>();
  for (let call = 0; call < 700; call++) {
    const { shapes, options } = randomCall(random);
    for (const on of Object.values(targets)) {
      for (const pass of programOf(shapes, options, on).passes) {
        const { label, constants, parts } = pass.kernel;
        const key = `${label} ${JSON.stringify(constants)} ${parts.map((part) => part.length)}`;
        if (!passes.has(key)) passes.set(key, pass);
      }
    }
  }
  const covering = coverPairs([...passes.values()]);
  known = covering.map((pass, at) => {
    const { kernel } = pass;
    return { name: `${kernel.label}, variant ${at}`, text: assemble(kernel), kernel, pass };
  });
  return known;
}
