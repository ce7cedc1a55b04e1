import { tensor } from "../../index.js";
import { Bars } from "../chart/bars.js";
import { Field } from "../chart/heat.js";
import { h } from "../parts/dom.js";
import { num } from "../parts/format.js";
import { pick } from "../parts/run.js";
import type { Figure } from "../views/figure.js";

const GRID = 81;
const ARROWS = 13;
/** The arrows keep inside the frame. */
const INNER = 3.7;
const EDGE = 4;

const at = (i: number, count: number, edge = EDGE): number => -edge + (2 * edge * i) / (count - 1);

/** Rows (z₁, z₂, z₃) over a square of the first two. */
function rowsOver(count: number, third: number, edge = EDGE): Float32Array {
  const logits = new Float32Array(count * count * 3);
  for (let j = 0; j < count; j++) {
    for (let i = 0; i < count; i++)
      logits.set([at(i, count, edge), at(j, count, edge), third], 3 * (j * count + i));
  }
  return logits;
}

export const landscape: Figure = {
  id: "landscape",
  title: "The landscape of cross-entropy",
  text: "The loss over two of three logits, and where gradient descent goes from each point. Far from the target's side the slope is constant: a confident mistake is pulled back as hard as can be.",
  needs: ["crossEntropy"],
  build(stage) {
    const field = new Field();
    const bars = new Bars(0.92);
    stage.place(h("div", { class: "pair" }, field.element, bars.element));
    let point = { x: -2, y: 1.5 };
    field.onPick = (x, y) => {
      point = { x, y };
      stage.changed();
    };
    const target = stage.choice("target", {
      label: "target",
      value: "0",
      options: ["0", "1", "2"].map((value) => ({ value, text: `z${"₁₂₃"[Number(value)]}` })),
    });
    const third = stage.slider("third", {
      label: "third logit z₃",
      value: 0,
      min: -4,
      max: 4,
      step: 0.1,
    });
    const tau = stage.slider("temperature", {
      label: "temperature",
      value: 1,
      min: 0.25,
      max: 4,
      log: true,
    });
    const call = async (count: number, gradients: boolean, edge = EDGE) => {
      const rows = count * count;
      const targets = new Int32Array(rows).fill(Number(target.value));
      return stage.run(
        "crossEntropy",
        [tensor(rowsOver(count, third.value, edge), [rows, 3]), targets],
        {
          temperature: tau.value,
          reduction: "none",
          gradients: gradients ? ["logits"] : false,
        },
      );
    };
    return async () => {
      const values = pick((await call(GRID, false)).got, "loss");
      const slopes = pick((await call(ARROWS, true, INNER)).got, "gradients.logits");
      const arrows = Array.from({ length: ARROWS * ARROWS }, (_, k) => {
        const [dx, dy] = [-(slopes[3 * k] as number), -(slopes[3 * k + 1] as number)];
        return {
          x: at(k % ARROWS, ARROWS, INNER),
          y: at(Math.floor(k / ARROWS), ARROWS, INNER),
          dx: 0.42 * dx * tau.value,
          dy: 0.42 * dy * tau.value,
        };
      });
      const name = `z${"₁₂₃"[Number(target.value)]}`;
      field.draw({
        label: `Cross-entropy with target ${name} over z₁ and z₂; arrows point down the gradient`,
        values,
        columns: GRID,
        rows: GRID,
        x: [-EDGE, EDGE],
        y: [-EDGE, EDGE],
        xLabel: "z₁",
        yLabel: "z₂",
        steps: 14,
        marks: [{ ...point, label: "" }],
        arrows,
        read: (x, y, value) =>
          `z₁ ${num(x, 2)}, z₂ ${num(y, 2)}: loss ${num(value, 4)}, p = ${num(Math.exp(-value), 3)}`,
      });
      const row = [point.x, point.y, third.value];
      const one = await stage.run(
        "crossEntropy",
        [tensor(Float32Array.from(row), [1, 3]), Int32Array.of(Number(target.value))],
        { temperature: tau.value, gradients: true },
      );
      const slope = pick(one.got, "gradients.logits");
      bars.draw({
        label: "Probabilities and gradient at the marked point",
        names: row.map((z, c) => `z${"₁₂₃"[c]} = ${num(z, 2)}`),
        yLabel: "at the marked point",
        series: [
          {
            name: "probability",
            tone: 1,
            values: row.map(
              (_, c) => (slope[c] as number) * tau.value + (c === Number(target.value) ? 1 : 0),
            ),
          },
          { name: "gradient", tone: 2, values: slope },
        ],
        yMin: -1,
        yMax: 1,
      });
      stage.say(
        `At the ring the loss is ${num(pick(one.got, "loss")[0] as number)}. Click or drag to move it.`,
      );
      stage.code(`import { crossEntropy, tensor } from "webgpu-loss";

// A grid of rows (z1, z2, z3): ${GRID} × ${GRID} problems in one call.
const logits = new Float32Array(${GRID} * ${GRID} * 3);
for (let k = 0; k < ${GRID} * ${GRID}; k++) {
  const z1 = -4 + (8 * (k % ${GRID})) / ${GRID - 1};
  const z2 = -4 + (8 * Math.floor(k / ${GRID})) / ${GRID - 1};
  logits.set([z1, z2, ${third.value}], 3 * k);
}
const targets = new Int32Array(${GRID} * ${GRID}).fill(${target.value});
const { loss, gradients } = await crossEntropy(tensor(logits, [${GRID} * ${GRID}, 3]), targets, {
  temperature: ${tau.value}, reduction: "none", gradients: true,
});
const height = await loss.read();               // the shading
const slopes = await gradients.logits.read();   // the arrows, reversed`);
    };
  },
};
