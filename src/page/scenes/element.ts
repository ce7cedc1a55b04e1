import type { AnyLoss } from "../../index.js";
import { words } from "../parts/format.js";
import { pick, run } from "../parts/run.js";
import { domainOf } from "./domains.js";
import {
  type Axis,
  type Curve,
  flows,
  type Options,
  opening,
  type Scene,
  spaced,
  type Values,
  written,
} from "./types.js";

const POINTS = 241;

/** A loss of single numbers: one call computes the whole curve, each element a point. */
export function elementScene(loss: AnyLoss): Scene {
  const names = Object.keys(loss.spec.inputs);
  const axes = names
    .filter((name) => flows(loss.spec.inputs[name]))
    .map((name): Axis => {
      const { min, max } = domainOf(loss, name);
      return { id: name, input: name, index: 0, label: words(name).replace(/s$/, ""), min, max };
    });
  const fixedOf = (axis: Axis) => names.filter((name) => name !== axis.input);
  const ask = (axis: Axis, options: Options) => ({
    ...options,
    reduction: "none",
    gradients: [axis.input],
  });
  return {
    kind: `element ${names.length}`,
    axes,
    yLabel: "loss",
    knobs: (axis) =>
      fixedOf(axis).map((name) => {
        const { min, max, at, choices } = domainOf(loss, name);
        return { id: name, label: words(name).replace(/s$/, ""), min, max, value: at, choices };
      }),
    async curve(axis, knobs, options): Promise<Curve> {
      const xs = spaced(axis.min, axis.max, POINTS);
      const inputs = names.map((name) =>
        name === axis.input ? xs : new Float32Array(POINTS).fill(knobs[name] ?? 0),
      );
      const { got, expected, worst } = await run(loss, inputs, ask(axis, options));
      const slopes = `gradients.${axis.input}`;
      return {
        xs,
        ys: pick(got, "loss"),
        slopes: pick(got, slopes),
        referenceYs: worst && pick(expected, "loss"),
        referenceSlopes: worst && pick(expected, slopes),
        worst,
      };
    },
    code(axis, knobs: Values, options) {
      const { name } = loss.spec;
      const step = `${axis.min} + (${axis.max - axis.min} * i) / (points - 1)`;
      const lines = names.map((input) =>
        input === axis.input
          ? `const ${input} = Float32Array.from({ length: points }, (_, i) => ${step});`
          : `const ${input} = new Float32Array(points).fill(${knobs[input] ?? 0});`,
      );
      return [
        ...opening(loss),
        `const points = ${POINTS};`,
        ...lines,
        `const { loss, gradients } = await ${name}(${names.join(", ")}, ${written(loss, ask(axis, options))});`,
        "const curve = await loss.read();",
        `const slope = await gradients.${axis.input}.read();`,
      ].join("\n");
    },
  };
}
