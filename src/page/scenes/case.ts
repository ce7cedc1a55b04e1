import { type AnyLoss, tensor } from "../../index.js";
import type { Worst } from "../../verify.js";
import { words } from "../parts/format.js";
import { pick, run, worse } from "../parts/run.js";
import {
  type Axis,
  type Curve,
  flows,
  type Options,
  type Scene,
  spaced,
  written,
} from "./types.js";

const POINTS = 49;
const MOST_AXES = 6;

interface Given {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

function flatten(value: unknown): Given {
  const shape: number[] = [];
  for (let level: unknown = value; Array.isArray(level); level = level[0]) shape.push(level.length);
  return { shape, data: [value].flat(16) as number[] };
}

/** Any loss: one number of its worked example moves, and the loss is computed anew at every point. */
export function caseScene(loss: AnyLoss): Scene {
  const { spec } = loss;
  const names = Object.keys(spec.inputs);
  const example = spec.cases[0];
  const given = new Map(names.map((name, i) => [name, flatten(example?.args[i])]));
  const base: Options = example?.options ?? {};
  const isValue = (spec as { result?: string }).result === "output";
  const value = isValue ? "output" : "loss";
  const axes = names
    .filter((name) => flows(spec.inputs[name]))
    .flatMap((name) => {
      const { data } = given.get(name) as Given;
      return data.slice(0, MOST_AXES).map((at, index): Axis => {
        const reach = Math.max(2 * Math.abs(at), 2);
        const label = data.length > 1 ? `${words(name)} [${index}]` : words(name);
        return {
          id: `${name}.${index}`,
          input: name,
          index,
          label,
          min: at - reach,
          max: at + reach,
        };
      });
    });
  const numbers = (name: string, axis: Axis, x: number): number[] => {
    const data = [...(given.get(name) as Given).data];
    if (name === axis.input) data[axis.index] = x;
    return data;
  };
  const inputsAt = (axis: Axis, x: number): unknown[] =>
    names.map((name) => {
      const { shape } = given.get(name) as Given;
      const data = numbers(name, axis, x);
      const whole = spec.inputs[name] === "labels";
      return tensor(whole ? Int32Array.from(data) : Float32Array.from(data), shape);
    });
  return {
    kind: `case ${spec.name}`,
    axes,
    yLabel: isValue ? "sum of the outputs" : "loss",
    knobs: () => [],
    async curve(axis, _knobs, options): Promise<Curve> {
      const xs = spaced(axis.min, axis.max, POINTS);
      const ys = new Float64Array(POINTS);
      const slopes = new Float64Array(POINTS);
      const referenceYs = new Float64Array(POINTS);
      const referenceSlopes = new Float64Array(POINTS);
      let worst: Worst | undefined;
      for (let i = 0; i < POINTS; i++) {
        const asked = { ...base, ...options, gradients: [axis.input] };
        const outcome = await run(loss, inputsAt(axis, xs[i] as number), asked);
        const path = `gradients.${axis.input}`;
        ys[i] = total(pick(outcome.got, value));
        slopes[i] = pick(outcome.got, path)[axis.index] as number;
        referenceYs[i] = total(pick(outcome.expected, value));
        referenceSlopes[i] = pick(outcome.expected, path)[axis.index] as number;
        worst = worse(worst, outcome.worst);
      }
      return worst
        ? { xs, ys, slopes, referenceYs, referenceSlopes, worst }
        : { xs, ys, slopes, referenceYs: undefined, referenceSlopes: undefined, worst };
    },
    code(axis, _knobs, options) {
      const { name } = spec;
      const asked = written({ ...base, ...options, gradients: [axis.input] });
      const lines = names.map((input) => {
        const { shape, data } = given.get(input) as Given;
        const array = spec.inputs[input] === "labels" ? "Int32Array" : "Float32Array";
        return `const ${input} = tensor(new ${array}(${JSON.stringify(data)}), ${JSON.stringify(shape)});`;
      });
      const moved = `const moved = (await ${axis.input}.read()).map((v, k) => (k === ${axis.index} ? ${axis.min} + (${axis.max - axis.min} * i) / (points - 1) : v));`;
      const args = names.map((input) =>
        input === axis.input ? `tensor(moved, ${axis.input}.shape)` : input,
      );
      return [
        `import { ${name}, tensor } from "webgpu-loss";`,
        "",
        `const points = ${POINTS};`,
        ...lines,
        "const curve = [];",
        "const slope = [];",
        "for (let i = 0; i < points; i++) {",
        `  ${moved}`,
        `  const { ${value}, gradients } = await ${name}(${args.join(", ")}, ${asked});`,
        isValue
          ? "  curve.push((await output.read()).reduce((a, b) => a + b, 0));"
          : "  curve.push(await loss.item());",
        `  slope.push((await gradients.${axis.input}.read())[${axis.index}]);`,
        "}",
      ].join("\n");
    },
  };
}

const total = (list: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < list.length; i++) sum += list[i] as number;
  return sum;
};
