import { Field } from "../chart/heat.js";
import { Lines } from "../chart/lines.js";
import { h } from "../parts/dom.js";
import { num } from "../parts/format.js";
import { pick } from "../parts/run.js";
import { spaced } from "../scenes/types.js";
import type { Figure } from "../views/figure.js";

const GRID = 65;
const POINTS = 161;
const LOW = -2.5;
const HIGH = 1.5;

export const gaussian: Figure = {
  id: "gaussian",
  title: "A variance that is learned",
  text: "The loss over the residual and the log of the predicted spread. The best σ is the residual's own size: claiming more certainty costs quadratically, claiming less only logarithmically.",
  needs: ["gaussianNLL"],
  build(stage) {
    const field = new Field();
    const lines = new Lines();
    stage.place(h("div", { class: "pair" }, field.element, lines.element));
    const residual = stage.slider("residual", {
      label: "residual r",
      value: 0.5,
      min: 0.05,
      max: 3,
      step: 0.05,
    });
    const call = (means: Float32Array, logSigmas: Float32Array, gradients: boolean) =>
      stage.run("gaussianNLL", [means, new Float32Array(means.length), logSigmas], {
        parameter: "logSigma",
        full: true,
        reduction: "none",
        gradients: gradients ? ["variances"] : false,
      });
    return async () => {
      const r = residual.value;
      const means = Float32Array.from(
        { length: GRID * GRID },
        (_, k) => -3 + (6 * (k % GRID)) / (GRID - 1),
      );
      const sigmas = Float32Array.from(
        { length: GRID * GRID },
        (_, k) => LOW + ((HIGH - LOW) * Math.floor(k / GRID)) / (GRID - 1),
      );
      const surface = await call(means, sigmas, false);
      field.draw({
        label:
          "Gaussian negative log-likelihood over residual and log σ, on a logarithmic scale of heights",
        // Heights span three decades: their logarithm shows the valley as well as the walls.
        values: Float64Array.from(pick(surface.got, "loss"), (v) => Math.log(v + 2)),
        columns: GRID,
        rows: GRID,
        x: [-3, 3],
        y: [LOW, HIGH],
        xLabel: "residual r",
        yLabel: "log σ",
        steps: 16,
        marks: [{ x: r, y: Math.log(r), label: "log σ = log |r|" }],
        read: (x, y, value) =>
          `r ${num(x, 2)}, σ ${num(Math.exp(y), 3)}: loss ${num(Math.exp(value) - 2, 3)}`,
      });
      const xs = spaced(LOW, HIGH, POINTS);
      const cut = await call(new Float32Array(POINTS).fill(r), xs, true);
      lines.draw({
        label: "Loss over log σ at this residual",
        xs,
        xLabel: "log σ",
        yLabel: `loss at r = ${num(r, 3)}`,
        lines: [
          {
            name: "loss",
            tone: 1,
            ys: pick(cut.got, "loss"),
            reference: cut.worst && pick(cut.expected, "loss"),
          },
          { name: "gradient by log σ", tone: 2, ys: pick(cut.got, "gradients.variances") },
        ],
        uprights: [{ x: Math.log(r), label: "best" }],
        yMin: -2,
        yMax: 6,
      });
      stage.say(
        `For r = ${num(r, 3)} the best σ is ${num(r, 3)}, and the least loss ${num(Math.log(r) + 0.5 + 0.5 * Math.log(2 * Math.PI), 4)}.`,
      );
      stage.code(`import { gaussianNLL } from "webgpu-loss";

const logSigmas = Float32Array.from({ length: ${POINTS} }, (_, i) => ${LOW} + (${HIGH - LOW} * i) / ${POINTS - 1});
const means = new Float32Array(${POINTS}).fill(${r});
const { loss, gradients } = await gaussianNLL(means, new Float32Array(${POINTS}), logSigmas, {
  parameter: "logSigma", full: true, reduction: "none", gradients: ["variances"],
});`);
    };
  },
};
