import { type AnyLoss, tensor } from "../../index.js";
import { words } from "../parts/format.js";
import { pointwise } from "./points.js";
import { type Axis, flows, opening, type Scene, written } from "./types.js";

const POINTS = 61;
const ROWS = 3;
/** Directions of the vectors of the first, second and third input, in degrees. */
const directions: readonly (readonly number[])[] = [
  [20, 140, 260],
  [50, 120, 300],
  [150, 230, 20],
];
/** What stands beside the vectors, by name. */
const beside: Readonly<Record<string, readonly number[]>> = {
  labels: [0, 0, 1],
  targets: [1, 1, 1],
};

const radians = (degrees: number): number => (degrees * Math.PI) / 180;
const unit = (degrees: number): [number, number] => [
  Math.cos(radians(degrees)),
  Math.sin(radians(degrees)),
];

/** A loss of embeddings: three vectors in the plane for each input, one of which turns. */
export function vectorScene(loss: AnyLoss): Scene | undefined {
  const { spec } = loss;
  const names = Object.keys(spec.inputs);
  const sets = names.filter((name) => flows(spec.inputs[name]));
  if (
    sets.length > directions.length ||
    names.some((name) => !sets.includes(name) && !beside[name])
  )
    return undefined;
  const axes = sets.map(
    (input): Axis => ({
      id: `${input}.turn`,
      input,
      index: 0,
      label: `angle of ${words(input)} 0 in degrees`,
      min: -180,
      max: 180,
    }),
  );
  const anglesOf = (input: string) => directions[sets.indexOf(input)] as readonly number[];
  const value = spec.result ?? "loss";
  return {
    kind: `vectors ${sets.length}`,
    axes,
    yLabel: spec.result ? "sum of the outputs" : "loss",
    knobs: (axis) =>
      names.includes("targets")
        ? [
            {
              id: "targets",
              label: "the pairs are",
              min: -1,
              max: 1,
              value: 1,
              choices: spec.name === "contrastive" ? [0, 1] : [-1, 1],
            },
          ]
        : sets
            .filter((input) => input !== axis.input)
            .map((input) => ({
              id: `${input}.turn`,
              label: `angle of ${words(input)} 0`,
              min: -180,
              max: 180,
              value: anglesOf(input)[0] as number,
            })),
    curve(axis, knobs, options) {
      const inputsAt = (x: number) =>
        names.map((name) => {
          if (!sets.includes(name)) {
            const given = (beside[name] as readonly number[]).map((v) =>
              name === "targets" ? (knobs.targets ?? v) : v,
            );
            return spec.inputs[name] === "labels"
              ? Int32Array.from(given)
              : Float32Array.from(given);
          }
          const angles = [...anglesOf(name)];
          angles[0] = name === axis.input ? x : (knobs[`${name}.turn`] ?? (angles[0] as number));
          return tensor(Float32Array.from(angles.flatMap(unit)), [ROWS, 2]);
        });
      // Along the turn: the gradient times the direction in which the vector's tip moves, per degree.
      const slopeAt = (gradient: ArrayLike<number>, x: number) => {
        const [cos, sin] = unit(x);
        return ((gradient[1] as number) * cos - (gradient[0] as number) * sin) * (Math.PI / 180);
      };
      return pointwise(loss, axis, options, POINTS, inputsAt, slopeAt);
    },
    code(axis, knobs, options) {
      const { name } = spec;
      const lines = names.map((input) => {
        if (!sets.includes(input)) {
          const given = (beside[input] as readonly number[]).map((v) =>
            input === "targets" ? (knobs.targets ?? v) : v,
          );
          return `const ${input} = new ${spec.inputs[input] === "labels" ? "Int32Array" : "Float32Array"}(${JSON.stringify(given)});`;
        }
        const angles = [...anglesOf(input)];
        angles[0] = knobs[`${input}.turn`] ?? (angles[0] as number);
        return `const ${input} = vectors(${angles.join(", ")});`;
      });
      const first = anglesOf(axis.input).slice(1);
      const args = names.map((input) =>
        input === axis.input ? `vectors(angle, ${first.join(", ")})` : input,
      );
      return [
        ...opening(loss, "tensor"),
        "const turn = Math.PI / 180;",
        "const vectors = (...angles) =>",
        "  tensor(new Float32Array(angles.flatMap((a) => [Math.cos(a * turn), Math.sin(a * turn)])), [3, 2]);",
        ...lines.filter((line) => !line.startsWith(`const ${axis.input} =`)),
        "const curve = [];",
        "const slope = [];",
        `for (let i = 0; i < ${POINTS}; i++) {`,
        `  const angle = -180 + (360 * i) / ${POINTS - 1};`,
        `  const { ${value}, gradients } = await ${name}(${args.join(", ")}, ${written(loss, { ...options, gradients: [axis.input] })});`,
        `  curve.push(${spec.result ? "(await output.read()).reduce((a, b) => a + b, 0)" : "await loss.item()"});`,
        `  const [dx, dy] = await gradients.${axis.input}.read();`,
        "  slope.push((dy * Math.cos(angle * turn) - dx * Math.sin(angle * turn)) * turn);",
        "}",
      ].join("\n");
    },
  };
}
