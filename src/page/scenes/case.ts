import { type AnyLoss, tensor } from "../../index.js";
import { words } from "../parts/format.js";
import { pointwise } from "./points.js";
import { type Axis, flows, type Options, opening, type Scene, written } from "./types.js";

const POINTS = 49;
const MOST_AXES = 6;

interface Given {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export function flatten(value: unknown): Given {
  const shape: number[] = [];
  for (let level: unknown = value; Array.isArray(level); level = level[0]) shape.push(level.length);
  return { shape, data: [value].flat(16) as number[] };
}

/** The first worked example with something to move: one whose loss is zero shows nothing. */
const exampleOf = ({ spec }: AnyLoss) =>
  spec.cases.find((one) => [one.loss].flat().some((loss) => loss !== 0)) ?? spec.cases[0];

/** Any loss: one number of its worked example moves, and the loss is computed anew at every point. */
export function caseScene(loss: AnyLoss): Scene {
  const { spec } = loss;
  const names = Object.keys(spec.inputs);
  const example = exampleOf(loss);
  const given = new Map(names.map((name, i) => [name, flatten(example?.args[i])]));
  const base: Options = example?.options ?? {};
  const value = spec.result ?? "loss";
  const positive = (name: string) => /covarianc|varianc/i.test(name) && !/log/i.test(name);
  const axes = names
    .filter((name) => flows(spec.inputs[name]))
    .flatMap((name) => {
      const { data } = given.get(name) as Given;
      return data.slice(0, MOST_AXES).map((at, index): Axis => {
        const reach = Math.max(1.5 * Math.abs(at), 2);
        const label = data.length > 1 ? `${words(name)} [${index}]` : words(name);
        const isShare = /prob/i.test(name) && !/log/i.test(name);
        const isLog = /log-?prob/i.test(name);
        const [min, max] = isShare
          ? [0.01, 0.99]
          : isLog
            ? [at - 3, 0]
            : positive(name)
              ? [0.1, at + reach]
              : [at - reach, at + reach];
        return { id: `${name}.${index}`, input: name, index, label, min, max };
      });
    });
  return {
    kind: `case ${spec.name}`,
    axes,
    yLabel: spec.result ? "sum of the outputs" : "loss",
    knobs: () => [],
    curve(axis, _knobs, options) {
      const inputsAt = (x: number) =>
        names.map((name) => {
          const { shape, data } = given.get(name) as Given;
          const moved = data.map((v, i) => (name === axis.input && i === axis.index ? x : v));
          const whole = spec.inputs[name] === "labels";
          return tensor(whole ? Int32Array.from(moved) : Float32Array.from(moved), shape);
        });
      const slopeAt = (gradient: ArrayLike<number>) => gradient[axis.index] as number;
      return pointwise(loss, axis, { ...base, ...options }, POINTS, inputsAt, slopeAt);
    },
    code(axis, _knobs, options) {
      const { name } = spec;
      const asked = written(loss, { ...base, ...options, gradients: [axis.input] });
      const lines = names.map((input) => {
        const { shape, data } = given.get(input) as Given;
        const array = spec.inputs[input] === "labels" ? "Int32Array" : "Float32Array";
        return `const ${input} = tensor(new ${array}(${JSON.stringify(data)}), ${JSON.stringify(shape)});`;
      });
      const args = names.map((input) =>
        input === axis.input ? `tensor(moved, ${axis.input}.shape)` : input,
      );
      return [
        ...opening(loss, "tensor"),
        `const points = ${POINTS};`,
        ...lines,
        "const curve = [];",
        "const slope = [];",
        "for (let i = 0; i < points; i++) {",
        `  const moved = await ${axis.input}.read();`,
        `  moved[${axis.index}] = ${axis.min} + (${axis.max - axis.min} * i) / (points - 1);`,
        `  const { ${value}, gradients } = await ${name}(${args.join(", ")}, ${asked});`,
        `  curve.push(${spec.result ? "(await output.read()).reduce((a, b) => a + b, 0)" : "await loss.item()"});`,
        `  slope.push((await gradients.${axis.input}.read())[${axis.index}]);`,
        "}",
      ].join("\n");
    },
  };
}
