import { type AnyLoss, tensor } from "../../index.js";
import { fixed, words } from "../parts/format.js";
import { pick, run } from "../parts/run.js";
import { rowOf, takesLabels } from "./domains.js";
import {
  type Axis,
  type Curve,
  every,
  flows,
  type Options,
  type Scene,
  spaced,
  type Values,
  written,
} from "./types.js";

const POINTS = 161;
const CLASSES = 4;

/** A loss of rows of classes: one call computes the whole curve, each row a point. */
export function rowScene(loss: AnyLoss): Scene | undefined {
  const { spec } = loss;
  const names = Object.keys(spec.inputs);
  const labels = names.filter((name) => takesLabels(loss, name) && !rowOf(loss, name));
  const rows = names.filter((name) => !labels.includes(name));
  if (rows.some((name) => !rowOf(loss, name))) return undefined;
  // A table that must be given is only known from the worked example.
  const needsTensor = Object.values(spec.options).some(
    (option) => "tensor" in option && /Needed/.test(option.doc),
  );
  if (needsTensor) return undefined;
  const isValue = (spec as { result?: string }).result === "output";
  const value = isValue ? "output" : "loss";

  const axisOf = (input: string, index: number): Axis => {
    const isLog = /log-?prob/i.test(input) || (spec.name === "klDivergence" && input === "inputs");
    const isShare = spec.name === "klDivergence" && input === "targets";
    const [min, max] = isLog ? [-6, 0] : isShare || input === "relevance" ? [0.01, 1] : [-8, 8];
    return {
      id: `${input}.${index}`,
      input,
      index,
      label: `${words(input).replace(/s$/, "")} ${index}`,
      min,
      max,
    };
  };
  const axes = rows
    .filter((name) => flows(spec.inputs[name]))
    .flatMap((name) => [0, 1].map((i) => axisOf(name, i)));
  const ask = (axis: Axis, options: Options): Options =>
    isValue
      ? { ...options, gradients: [axis.input] }
      : { ...options, reduction: "none", gradients: [axis.input] };
  const baseOf = (name: string, knobs: Values): number[] =>
    (rowOf(loss, name) as number[]).map((number, i) => knobs[`${name}.${i}`] ?? number);

  return {
    kind: `row ${labels.length > 0 ? "labels" : rows.length}`,
    axes,
    yLabel: isValue ? "output 0" : "loss",
    knobs: (axis) => [
      ...labels.map((name) => ({
        id: name,
        label: labels.length > 1 ? words(name) : "target class",
        min: 0,
        max: CLASSES - 1,
        value: 0,
        choices: [0, 1, 2, 3],
      })),
      ...baseOf(axis.input, {})
        .map((number, i) => ({
          ...axisOf(axis.input, i),
          value: Number(fixed(number, 2).replace("−", "-")),
        }))
        .filter(({ index }) => index !== axis.index),
    ],
    async curve(axis, knobs, options): Promise<Curve> {
      const xs = spaced(axis.min, axis.max, POINTS);
      const inputs = names.map((name) => {
        if (labels.includes(name)) return new Int32Array(POINTS).fill(knobs[name] ?? 0);
        const base = baseOf(name, name === axis.input ? knobs : {});
        const integers = spec.inputs[name] === "labels";
        const data = new (integers ? Int32Array : Float32Array)(POINTS * CLASSES);
        for (let i = 0; i < POINTS; i++) {
          data.set(base, i * CLASSES);
          if (name === axis.input) data[i * CLASSES + axis.index] = xs[i] as number;
        }
        return tensor(data, [POINTS, CLASSES]);
      });
      const asked: Record<string, unknown> = { ...ask(axis, options) };
      const slopes = `gradients.${axis.input}`;
      if (isValue) asked.upstream = firstOfEach(await outputShape(loss, inputs, options));
      const { got, expected, worst } = await run(loss, inputs, asked);
      const stride = pick(got, value).length / POINTS;
      return {
        xs,
        ys: every(pick(got, value), stride, 0),
        slopes: every(pick(got, slopes), CLASSES, axis.index),
        referenceYs: worst && every(pick(expected, value), stride, 0),
        referenceSlopes: worst && every(pick(expected, slopes), CLASSES, axis.index),
        worst,
      };
    },
    code(axis, knobs, options) {
      const { name } = spec;
      const lines = names.flatMap((input) => {
        if (labels.includes(input))
          return [`const ${input} = new Int32Array(points).fill(${knobs[input] ?? 0});`];
        const base = baseOf(input, input === axis.input ? knobs : {}).map((v) =>
          Number(v.toPrecision(4)),
        );
        const array = spec.inputs[input] === "labels" ? "Int32Array" : "Float32Array";
        const row = base.map((v, i) =>
          input === axis.input && i === axis.index
            ? `${axis.min} + (${axis.max - axis.min} * i) / (points - 1)`
            : v,
        );
        return [
          `const ${input} = tensor(${array}.from(Array.from({ length: points }, (_, i) => [${row.join(", ")}]).flat()), [points, classes]);`,
        ];
      });
      if (isValue)
        lines.push(
          "// The gradient of the first output of each row.",
          `const { output: shape } = await ${name}(${names.join(", ")}, ${written(options)});`,
          "const upstream = tensor(Float32Array.from({ length: shape.size }, (_, i) => Number(i % (shape.size / points) === 0)), shape.shape);",
        );
      const asked = written(ask(axis, options));
      return [
        `import { ${name}, tensor } from "webgpu-loss";`,
        "",
        `const points = ${POINTS};`,
        `const classes = ${CLASSES};`,
        ...lines,
        `const { ${value}, gradients } = await ${name}(${names.join(", ")}, ${isValue ? asked.replace(/ }$/, ", upstream }") : asked});`,
        isValue
          ? "const curve = (await output.read()).filter((_, i) => i % (output.size / points) === 0);"
          : "const curve = await loss.read();",
        `const slope = (await gradients.${axis.input}.read()).filter((_, i) => i % classes === ${axis.index});`,
      ].join("\n");
    },
  };
}

/** The output's shape, asked of the float64 path. */
async function outputShape(
  loss: AnyLoss,
  inputs: readonly unknown[],
  options: Options,
): Promise<readonly number[]> {
  const result = await loss(...([...inputs, options] as never[]));
  const { shape } = (result as unknown as { output: { shape: readonly number[] } }).output;
  result.destroy();
  return shape;
}

/** An upstream of 1 for the first output of each point, and 0 for the rest. */
function firstOfEach(shape: readonly number[]): unknown {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const stride = size / POINTS;
  return tensor(
    Float32Array.from({ length: size }, (_, i) => Number(i % stride === 0)),
    shape,
  );
}
