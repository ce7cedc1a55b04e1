import { Bars } from "../chart/bars.js";
import { Shares } from "../chart/shares.js";
import { h } from "../parts/dom.js";
import { num } from "../parts/format.js";
import { pick } from "../parts/run.js";
import type { Figure } from "../views/figure.js";

const LOGITS = Float32Array.of(-2, -1, 0.5, 1, 2);
const TARGETS = Float32Array.of(0, 0, 0, 1, 1);

const sum = (list: ArrayLike<number>, label: number): number => {
  let total = 0;
  for (let i = 0; i < list.length; i++) if (TARGETS[i] === label) total += list[i] as number;
  return total;
};

export const imbalance: Figure = {
  id: "imbalance",
  title: "When positives are rare",
  text: "posWeight multiplies the loss of positive examples, here two of five. Near the ratio of the classes both sides pull about equally.",
  needs: ["bceWithLogits"],
  build(stage) {
    const bars = new Bars(0.26);
    const shares = new Shares();
    stage.place(bars.element, h("h3", { class: "small" }, "Whose gradient it is"), shares.element);
    const weight = stage.slider("weight", {
      label: "posWeight",
      value: 4,
      min: 0.25,
      max: 16,
      log: true,
    });
    return async () => {
      const call = (posWeight: number, reduction: string) =>
        stage.run("bceWithLogits", [LOGITS, TARGETS], {
          posWeight,
          reduction,
          gradients: ["logits"],
        });
      const base = await call(1, "none");
      const weighted = await call(weight.value, "none");
      const mean = await call(weight.value, "mean");
      bars.draw({
        label: "Loss of five examples, plain and with posWeight",
        names: Array.from(LOGITS, (z, i) => `z = ${num(z)}, y = ${TARGETS[i]}`),
        yLabel: "loss",
        series: [
          { name: "plain", tone: 4, values: pick(base.got, "loss") },
          {
            name: `posWeight ${num(weight.value, 3)}`,
            tone: 1,
            values: pick(weighted.got, "loss"),
          },
        ],
        yMin: 0,
      });
      const slopes = pick(weighted.got, "gradients.logits");
      shares.draw("Share of the absolute gradient", [
        { name: "positives", tone: 1, value: Math.abs(sum(slopes, 1)) },
        { name: "negatives", tone: 2, value: Math.abs(sum(slopes, 0)) },
      ]);
      stage.say(
        `Mean loss ${num(pick(mean.got, "loss")[0] as number)}; plain ${num((sum(pick(base.got, "loss"), 0) + sum(pick(base.got, "loss"), 1)) / 5)}.`,
      );
      stage.code(`import { bceWithLogits } from "webgpu-loss";

const logits = new Float32Array([${LOGITS.join(", ")}]);
const targets = new Float32Array([${TARGETS.join(", ")}]);
const { loss, gradients } = await bceWithLogits(logits, targets, {
  posWeight: ${weight.value}, reduction: "none", gradients: ["logits"],
});`);
    };
  },
};
