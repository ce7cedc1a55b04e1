import { tensor } from "../../index.js";
import { Bars } from "../chart/bars.js";
import { Lines } from "../chart/lines.js";
import { h } from "../parts/dom.js";
import { num } from "../parts/format.js";
import { pick } from "../parts/run.js";
import { spaced } from "../scenes/types.js";
import type { Figure } from "../views/figure.js";

const LOGITS = [3, 0, -1, -2];
const POINTS = 141;

export const smoothing: Figure = {
  id: "smoothing",
  title: "Label smoothing moves the goal",
  text: "A share ε of the target is spread over all classes: the loss over the winning logit gets a minimum, and beyond it the gradient turns round.",
  needs: ["crossEntropy"],
  build(stage) {
    const bars = new Bars();
    const lines = new Lines();
    stage.place(h("div", { class: "pair" }, bars.element, lines.element));
    const eps = stage.slider("epsilon", {
      label: "label smoothing ε",
      value: 0.1,
      min: 0,
      max: 0.5,
      step: 0.01,
    });
    const first = stage.slider("logit", {
      label: "logit of the target",
      value: 3,
      min: -2,
      max: 10,
      step: 0.1,
    });
    return async () => {
      const row = [first.value, ...LOGITS.slice(1)];
      const one = await stage.run(
        "crossEntropy",
        [tensor(Float32Array.from(row), [1, 4]), Int32Array.of(0)],
        {
          labelSmoothing: eps.value,
          gradients: true,
        },
      );
      bars.draw({
        label: "Smoothed target and gradient of each class",
        names: row.map((z, c) => (c === 0 ? `z = ${num(z, 2)}, target` : `z = ${num(z, 2)}`)),
        yLabel: "target, gradient",
        series: [
          {
            name: "smoothed target",
            tone: 1,
            values: row.map((_, c) => eps.value / 4 + (c === 0 ? 1 - eps.value : 0)),
          },
          { name: "gradient", tone: 2, values: pick(one.got, "gradients.logits") },
        ],
        yMax: 1,
      });
      const xs = spaced(-2, 10, POINTS);
      const logits = Float32Array.from(Array.from(xs, (x) => [x, ...LOGITS.slice(1)]).flat());
      const curve = async (labelSmoothing: number) =>
        await stage.run("crossEntropy", [tensor(logits, [POINTS, 4]), new Int32Array(POINTS)], {
          labelSmoothing,
          reduction: "none",
        });
      const plain = await curve(0);
      const smooth = await curve(eps.value);
      const ys = Array.from(pick(smooth.got, "loss"));
      const best = ys.indexOf(Math.min(...ys));
      lines.draw({
        label: "Loss over the target's logit, with and without smoothing",
        xs,
        xLabel: "logit of the target",
        yLabel: "loss",
        lines: [
          {
            name: `ε = ${num(eps.value, 2)}`,
            tone: 1,
            ys,
            reference: smooth.worst && pick(smooth.expected, "loss"),
          },
          { name: "ε = 0", tone: 4, ys: pick(plain.got, "loss") },
        ],
        uprights:
          best > 0 && best < POINTS - 1 ? [{ x: xs[best] as number, label: "minimum" }] : [],
        marks: [{ x: first.value, y: pick(one.got, "loss")[0] as number, tone: 2 }],
        yMin: 0,
      });
      const slope = pick(one.got, "gradients.logits")[0] as number;
      stage.say(
        `Loss ${num(pick(one.got, "loss")[0] as number)}; the target's gradient is ${num(slope, 3)}: `,
        slope < 0 ? "it still pulls upwards." : "it pushes back down.",
      );
      stage.code(`import { crossEntropy } from "webgpu-loss";

const { loss, gradients } = await crossEntropy([[${row.join(", ")}]], [0], {
  labelSmoothing: ${eps.value}, gradients: true,
});
const slopes = await gradients.logits.read();   // p minus the smoothed target`);
    };
  },
};
