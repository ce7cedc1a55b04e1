import { type AnyLoss, tensor } from "../../index.js";
import { flatten } from "../scenes/case.js";
import { rowOf, takesLabels } from "../scenes/domains.js";
import { sceneOf } from "../scenes/scene.js";
import { flows } from "../scenes/types.js";
import { elementInputs, rowInputs, type Storage, vectorInputs } from "./inputs.js";
import { Random } from "./random.js";

/** One row of the table of checks; its numbers are made when it runs. */
export interface Check {
  readonly title: string;
  readonly storage: Storage;
  make(): { inputs: unknown[]; options: Record<string, unknown> };
}

const storages: readonly Storage[] = ["f32", "f16", "bf16"];
const LARGE = 50257;
const NAN = Number.NaN;

const gradientsOf = ({ spec }: AnyLoss): string[] =>
  Object.keys(spec.inputs).filter((name) => spec.inputs[name] === "wrt");

/** The worked examples of the spec. */
function worked(loss: AnyLoss): Check[] {
  const { spec } = loss;
  const names = Object.keys(spec.inputs);
  // Families with cases of their own have half formats there.
  const own = ["elementwise", "row", "reduction"].includes(spec.family);
  return spec.cases.flatMap((example, at) =>
    (at === 0 && !own ? storages : storages.slice(0, 1)).map(
      (storage): Check => ({
        title: `worked example ${at + 1}`,
        storage,
        make: () => ({
          inputs: names.map((name, i) => {
            const { shape, data } = flatten(example.args[i]);
            if (takesLabels(loss, name) && data.every(Number.isInteger))
              return tensor(Int32Array.from(data), shape);
            const dtype = spec.inputs[name] === "data" ? "f32" : storage;
            return tensor(Float32Array.from(data), shape, { dtype });
          }),
          options: { ...example.options, gradients: gradientsOf(loss) },
        }),
      }),
    ),
  );
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

/** Half formats are kernels of their own in any case, so one of them also shows the losses one by one. */
function reductionOf({ spec }: AnyLoss, storage: Storage): { reduction?: string } {
  const able = !spec.result && (spec.reductions?.includes("none") ?? true);
  return able && storage === "f16" ? { reduction: "none" } : {};
}

function elements(loss: AnyLoss): Check[] {
  const gradients = gradientsOf(loss);
  const check = (
    title: string,
    storage: Storage,
    count: number,
    twist: "plain" | "huge",
    options: object,
  ): Check => ({
    title,
    storage,
    make: () => {
      const made = elementInputs(loss, new Random(loss.spec.name + title), count, storage, twist);
      return { inputs: made.inputs, options: { gradients, ...options } };
    },
  });
  const takesLogits = "logits" in loss.spec.inputs || "scores" in loss.spec.inputs;
  return [
    ...storages.map((storage) =>
      check("1 031 elements", storage, 1031, "plain", reductionOf(loss, storage)),
    ),
    check("one element", "f32", 1, "plain", {}),
    ...(takesLogits ? [check("logits of ±10⁴", "f32", 65, "huge", {})] : []),
    masked(loss, (random) => elementInputs(loss, random, 63, "f32", "plain").inputs, 63, gradients),
  ];
}

/** Everything masked but what lies between, where the masked inputs hold NaN. */
function masked(
  loss: AnyLoss,
  make: (random: Random) => unknown[],
  count: number,
  gradients: string[],
): Check {
  const title = "masked, with NaN under the mask";
  return {
    title,
    storage: "f32",
    make: () => {
      const mask = Uint8Array.from({ length: count }, (_, i) => (i % 3 === 1 ? 1 : 0));
      const inputs = make(new Random(loss.spec.name + title));
      const [first] = inputs as [{ storage: { data: Float32Array } }];
      const { data } = first.storage;
      const width = data.length / count;
      for (let i = 0; i < count; i++) if (mask[i] === 0) data.fill(NAN, i * width, (i + 1) * width);
      return { inputs, options: { gradients, mask } };
    },
  };
}

function rows(loss: AnyLoss): Check[] {
  const { spec } = loss;
  const gradients = gradientsOf(loss);
  const isLoss = spec.result === undefined;
  const hasTable = "costs" in spec.options;
  const byLabel = Object.keys(spec.inputs).some(
    (name) => takesLabels(loss, name) && !rowOf(loss, name),
  );
  const fromLogits = /^(logits|scores|studentLogits)$/.test(Object.keys(spec.inputs)[0] ?? "");
  const check = (
    title: string,
    storage: Storage,
    sizes: { rows: number; columns: number },
    twist: "plain" | "huge" | "minus infinity",
    options: object = {},
  ): Check => ({
    title,
    storage,
    make: () => {
      const made = rowInputs(loss, new Random(spec.name + title), sizes, storage, twist);
      return { inputs: made.inputs, options: { gradients, ...made.options, ...options } };
    },
  });
  const list = storages.map((storage) =>
    check(
      "5 rows of 131 classes",
      storage,
      { rows: 5, columns: 131 },
      "plain",
      reductionOf(loss, storage),
    ),
  );
  if (fromLogits && !hasTable) {
    list.push(check("logits of ±10⁴", "f32", { rows: 5, columns: 33 }, "huge"));
    if (byLabel)
      list.push(check("a logit of −∞", "f32", { rows: 3, columns: 17 }, "minus infinity"));
  }
  if (!hasTable) list.push(check("50 257 classes", "f32", { rows: 2, columns: LARGE }, "plain"));
  if (isLoss) {
    const none = { mask: new Uint8Array(4) };
    list.push(check("all rows ignored", "f32", { rows: 4, columns: 11 }, "plain", none));
    list.push(
      check("all rows ignored, mean 0", "f32", { rows: 4, columns: 11 }, "plain", {
        ...none,
        emptyMean: "zero",
      }),
    );
    if (!hasTable)
      list.push(
        masked(
          loss,
          (random) => rowInputs(loss, random, { rows: 9, columns: 13 }, "f32", "plain").inputs,
          9,
          gradients,
        ),
      );
  }
  return list;
}

function vectors(loss: AnyLoss): Check[] {
  const gradients = gradientsOf(loss);
  const check = (
    title: string,
    storage: Storage,
    sizes: { rows: number; columns: number },
  ): Check => ({
    title,
    storage,
    make: () => {
      const made = vectorInputs(loss, new Random(loss.spec.name + title), sizes, storage);
      return { inputs: made.inputs, options: { gradients } };
    },
  });
  return [
    ...storages.map((storage) => check("7 vectors of depth 5", storage, { rows: 7, columns: 5 })),
    check("33 vectors of depth 65", "f32", { rows: 33, columns: 65 }),
  ];
}

/** All checks of a loss: its worked examples, and shapes and numbers that kernels stumble over. */
export function checksOf(loss: AnyLoss): Check[] {
  const { family, inputs } = loss.spec;
  const list = worked(loss);
  const isPlain = Object.values(inputs).every(
    (role) => flows(role) || role === "labels" || role === "data",
  );
  if (family === "elementwise" && loss.spec.gpu && isPlain) list.push(...elements(loss));
  if (isPlainRow(loss)) list.push(...rows(loss));
  if (family === "pairwise" && sceneOf(loss).kind.startsWith("vectors"))
    list.push(...vectors(loss));
  return list;
}
