import { tensor } from "../../index.js";
import { Lines } from "../chart/lines.js";
import { Matrix } from "../chart/matrix.js";
import { h } from "../parts/dom.js";
import { num, percent } from "../parts/format.js";
import { pick } from "../parts/run.js";
import { spaced } from "../scenes/types.js";
import type { Figure } from "../views/figure.js";

const ROWS = 6;
const DEPTH = 4;
const POINTS = 61;

/** Numbers that look random and are the same on every visit. */
function noise(seed: number, count: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.sqrt(-2 * Math.log((state + 1) / 2 ** 32)) * Math.cos(state * 1e-5);
  });
}

export const similarity: Figure = {
  id: "similarity",
  title: "Positives on the diagonal",
  text: "Six queries, and six keys: the queries with noise. A softmax over each row makes probabilities of similarities; a low temperature gives the diagonal nearly all, and hides how small the lead was.",
  needs: ["similarityMatrix", "softmax", "infoNCE"],
  build(stage) {
    const sims = new Matrix();
    const probabilities = new Matrix();
    const lines = new Lines();
    stage.place(h("div", { class: "trio" }, sims.element, probabilities.element, lines.element));
    const tau = stage.slider("tau", {
      label: "temperature τ",
      value: 0.2,
      min: 0.03,
      max: 2,
      log: true,
    });
    const spread = stage.slider("noise", {
      label: "noise of the keys",
      value: 0.3,
      min: 0,
      max: 2,
      step: 0.05,
    });
    return async () => {
      const a = noise(7, ROWS * DEPTH);
      const b = a.map((x, i) => x + spread.value * (noise(99, ROWS * DEPTH)[i] as number));
      const queries = tensor(Float32Array.from(a), [ROWS, DEPTH]);
      const keys = tensor(Float32Array.from(b), [ROWS, DEPTH]);
      const matrix = pick((await stage.run("similarityMatrix", [queries, keys])).got, "output");
      const scaled = (t: number) =>
        tensor(
          Float32Array.from(matrix, (v) => v / t),
          [ROWS, ROWS],
        );
      const p = pick((await stage.run("softmax", [scaled(tau.value)])).got, "output");
      const { got } = await stage.run("infoNCE", [queries, keys], { temperature: tau.value });
      const common = { rows: ROWS, columns: ROWS, rowName: "query", columnName: "key" };
      sims.draw({
        ...common,
        label: "Cosine similarity of queries and keys",
        title: "cosine similarity",
        values: matrix,
        low: -1,
        high: 1,
        diverging: true,
      });
      probabilities.draw({
        ...common,
        label: "Softmax of the similarities over each row",
        title: `softmax at τ = ${num(tau.value, 3)}`,
        values: p,
        low: 0,
        high: 1,
        diverging: false,
      });
      const exponents = spaced(Math.log10(0.03), Math.log10(2), POINTS);
      const tall = Float32Array.from(
        Array.from(exponents, (e) => Array.from(matrix, (v) => v / 10 ** e)).flat(),
      );
      const all = pick(
        (await stage.run("softmax", [tensor(tall, [POINTS * ROWS, ROWS])])).got,
        "output",
      );
      const mass = (list: ArrayLike<number>, first: number) =>
        Array.from({ length: ROWS }, (_, i) => list[first + i * ROWS + i] as number).reduce(
          (x, y) => x + y,
          0,
        ) / ROWS;
      lines.draw({
        label: "Mean probability of the positives over the temperature",
        xs: exponents,
        xLabel: "log₁₀ τ",
        yLabel: "positive mass",
        lines: [
          {
            name: "mean over the six rows",
            tone: 1,
            ys: Array.from(exponents, (_, k) => mass(all, k * ROWS * ROWS)),
          },
        ],
        marks: [{ x: Math.log10(tau.value), y: mass(p, 0), tone: 2 }],
        yMin: 0,
        yMax: 1,
      });
      stage.say(
        `InfoNCE ${num(pick(got, "loss")[0] as number)}; the positives have ${percent(mass(p, 0))} of the mass.`,
      );
      stage.code(`import { infoNCE, similarityMatrix, softmax } from "webgpu-loss";

const { output: similarities } = await similarityMatrix(queries, keys);  // cosine
const { loss } = await infoNCE(queries, keys, { temperature: ${tau.value} });`);
    };
  },
};
