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
  opening,
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
  const isRow = (name: string) =>
    rowOf(loss, name) && isMatrix(spec.cases[0]?.args[names.indexOf(name)]);
  if (!rows.every(isRow)) return undefined;
  // A table that must be given is only known from the worked example.
  const needsTensor = Object.values(spec.options).some(
    (option) => "tensor" in option && /Needed/.test(option.doc),
  );
  if (needsTensor) return undefined;
  const isValue = spec.result === "output";
  const value = spec.result ?? "loss";
  const width = isValue ? widthOf(loss) : 1;

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
      if (isValue) asked.upstream = firstOfEach(width);
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
      const call = (...more: string[]) =>
        `await ${name}(${names.join(", ")}, ${written(loss, ask(axis, options), ...more)});`;
      if (isValue) {
        lines.push(
          "// The gradient is of the first output of each row.",
          `const ones = Float32Array.from({ length: points * ${width} }, (_, i) => Number(i % ${width} === 0));`,
          `const upstream = tensor(ones, [points${width === 1 ? "" : `, ${width}`}]);`,
        );
      }
      return [
        ...opening(loss, "tensor"),
        `const points = ${POINTS};`,
        `const classes = ${CLASSES};`,
        ...lines,
        `const { ${value}, gradients } = ${isValue ? call("upstream") : call()}`,
        isValue
          ? `const curve = (await output.read()).filter((_, i) => i % ${width} === 0);`
          : "const curve = await loss.read();",
        `const slope = (await gradients.${axis.input}.read()).filter((_, i) => i % classes === ${axis.index});`,
      ].join("\n");
    },
  };
}

/** Outputs per row of a function that is no loss: one, or one per class, as in its worked example. */
function widthOf({ spec }: AnyLoss): number {
  const [example] = spec.cases;
  const rows = (example?.args[0] as unknown[] | undefined)?.length ?? 1;
  return [example?.loss ?? 0].flat().length > rows ? CLASSES : 1;
}

const isMatrix = (value: unknown): boolean =>
  Array.isArray(value) && Array.isArray(value[0]) && !Array.isArray(value[0][0]);

/** An upstream of 1 for the first output of each point, and 0 for the rest. */
function firstOfEach(width: number): unknown {
  const data = Float32Array.from({ length: POINTS * width }, (_, i) => Number(i % width === 0));
  return tensor(data, width === 1 ? [POINTS] : [POINTS, width]);
}
