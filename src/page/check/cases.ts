import { type AnyLoss, tensor } from "../../index.js";
import { flatten } from "../scenes/case.js";
import { rowOf, takesLabels } from "../scenes/domains.js";
import { sceneOf } from "../scenes/scene.js";
import { flows } from "../scenes/types.js";
import {
  elementInputs,
  type Made,
  rowInputs,
  type Storage,
  type Twist,
  vectorInputs,
} from "./inputs.js";
import { Random } from "./random.js";
import { type Special, specialOf } from "./special.js";

/** One row of the table of checks; its numbers are made when it runs. */
export interface Check {
  readonly title: string;
  readonly storage: Storage;
  make(): { inputs: unknown[]; options: Record<string, unknown> };
}

const storages: readonly Storage[] = ["f32", "f16", "bf16"];
const LARGE = 50257;

const gradientsOf = ({ spec }: AnyLoss): string[] =>
  Object.keys(spec.inputs).filter((name) => spec.inputs[name] === "wrt");

/** The worked examples of the spec. */
function worked(loss: AnyLoss): Check[] {
  const { spec } = loss;
  const names = Object.keys(spec.inputs);
  return spec.cases.map((example, at) => ({
    title: `worked example ${at + 1}`,
    storage: "f32",
    make: () => ({
      inputs: names.map((name, i) => {
        const { shape, data } = flatten(example.args[i]);
        return takesLabels(loss, name) && data.every(Number.isInteger)
          ? tensor(Int32Array.from(data), shape)
          : tensor(Float32Array.from(data), shape);
      }),
      options: { ...example.options, gradients: gradientsOf(loss) },
    }),
  }));
}

/** Whether every input of this row loss can be made here. */
function isPlainRow(loss: AnyLoss): boolean {
  const { spec } = loss;
  const known = Object.keys(spec.inputs).every(
    (name) => takesLabels(loss, name) || rowOf(loss, name) !== undefined,
  );
  const tables = Object.entries(spec.options).some(
    ([name, option]) => "tensor" in option && /Needed/.test(option.doc) && name !== "costs",
  );
  return (
    spec.family === "row" &&
    known &&
    !tables &&
    (sceneOf(loss).kind.startsWith("row") || "costs" in spec.options)
  );
}

/** What is made for each storage. */
interface Shape extends Special {
  /** Keeps one number in three, and puts NaN under the rest. */
  readonly poisoned?: boolean;
}

/** A NaN in either half format. */
const NAN_BITS = 0x7fff;

/** Everything masked but what lies between, where the masked inputs hold NaN. */
function poison({ inputs, options }: Made): Made {
  const [first] = inputs as [{ storage: { data: Float32Array | Uint16Array }; shape: number[] }];
  const { data } = first.storage;
  const count = first.shape[0] as number;
  const width = data.length / count;
  const mask = Uint8Array.from({ length: count }, (_, i) => (i % 3 === 1 ? 1 : 0));
  const nan = data instanceof Float32Array ? Number.NaN : NAN_BITS;
  for (let i = 0; i < count; i++) if (mask[i] === 0) data.fill(nan, i * width, (i + 1) * width);
  return { inputs, options: { ...options, mask } };
}

/** Every shape in every storage. */
function product(loss: AnyLoss, shapes: readonly Shape[]): Check[] {
  const { spec } = loss;
  const able = !spec.result && (spec.reductions?.includes("none") ?? true);
  return shapes.flatMap(({ title, make, poisoned }) =>
    storages.map(
      (storage): Check => ({
        title,
        storage,
        make: () => {
          const made = make(new Random(spec.name + title), storage);
          const { inputs, options } = poisoned ? poison(made) : made;
          // Half formats are kernels of their own in any case, so one of them also shows the losses one by one.
          const one = able && storage === "f16" ? { reduction: "none" } : {};
          return { inputs, options: { gradients: gradientsOf(loss), ...one, ...options } };
        },
      }),
    ),
  );
}

const nothing = (count: number) => ({ mask: new Uint8Array(count) });

function elements(loss: AnyLoss): Shape[] {
  const { inputs } = loss.spec;
  const shape = (title: string, count: number, twist: Twist = "plain", options = {}): Shape => ({
    title,
    make: (random, storage) => {
      const made = elementInputs(loss, random, count, storage, twist);
      return { ...made, options };
    },
  });
  return [
    shape("1 031 elements", 1031),
    shape("one element", 1),
    ...("logits" in inputs || "scores" in inputs ? [shape("logits of ±10⁴", 65, "huge")] : []),
    shape("all elements ignored", 11, "plain", nothing(11)),
    { ...shape("masked, with NaN under the mask", 63), poisoned: true },
  ];
}

function rows(loss: AnyLoss): Shape[] {
  const { spec } = loss;
  const fromLogits = /^(logits|scores|studentLogits)$/.test(Object.keys(spec.inputs)[0] ?? "");
  const hasTable = "costs" in spec.options;
  const shape = (
    title: string,
    rows: number,
    columns: number,
    twist: Twist = "plain",
    options = {},
  ): Shape => ({
    title,
    make: (random, storage) => {
      const made = rowInputs(loss, random, { rows, columns }, storage, twist);
      return { ...made, options: { ...made.options, ...options } };
    },
  });
  const list = [shape("5 rows of 131 classes", 5, 131)];
  if (fromLogits && !hasTable) {
    list.push(shape("logits of ±10⁴", 5, 33, "huge"));
    list.push(shape("a logit of −∞", 3, 17, "minus infinity"));
  }
  if (!hasTable) list.push(shape("50 257 classes", 2, LARGE));
  if (spec.result) return list;
  list.push(shape("all rows ignored", 4, 11, "plain", nothing(4)));
  list.push(
    shape("all rows ignored, mean 0", 4, 11, "plain", { ...nothing(4), emptyMean: "zero" }),
  );
  if (!hasTable) list.push({ ...shape("masked, with NaN under the mask", 9, 13), poisoned: true });
  return list;
}

/** Losses of two sets of vectors that have one for each vector of both. */
const bothSides = new Set(["ntXent", "dcl"]);

function vectors(loss: AnyLoss): Shape[] {
  const shape = (title: string, rows: number, columns: number, options = {}): Shape => ({
    title,
    make: (random, storage) => ({
      ...vectorInputs(loss, random, { rows, columns }, storage),
      options,
    }),
  });
  const list = [shape("7 vectors of depth 5", 7, 5), shape("33 vectors of depth 65", 33, 65)];
  const { name, result } = loss.spec;
  if (!result) list.push(shape("all ignored", 6, 3, nothing(bothSides.has(name) ? 12 : 6)));
  return list;
}

/** All checks of a loss: its worked examples, and shapes and numbers that kernels stumble over. */
export function checksOf(loss: AnyLoss): Check[] {
  const { family, inputs, gpu } = loss.spec;
  const shapes: Shape[] = [...specialOf(loss)];
  const isPlain = Object.values(inputs).every(
    (role) => flows(role) || role === "labels" || role === "data",
  );
  if (family === "elementwise" && gpu && isPlain) shapes.push(...elements(loss));
  if (isPlainRow(loss)) shapes.push(...rows(loss));
  if (family === "pairwise" && sceneOf(loss).kind.startsWith("vectors"))
    shapes.push(...vectors(loss));
  return [...worked(loss), ...product(loss, shapes)];
}
