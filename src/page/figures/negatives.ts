import { tensor } from "../../index.js";
import { Bars } from "../chart/bars.js";
import { Lines } from "../chart/lines.js";
import { h } from "../parts/dom.js";
import { num } from "../parts/format.js";
import { pick } from "../parts/run.js";
import { spaced } from "../scenes/types.js";
import type { Figure } from "../views/figure.js";

const POSITIVE = 2;
const EASY = [-3, -2.5, -2];
const HARD = [1.8, 1.6, 1.4];
const POINTS = 101;

const scoresAt = (share: number): number[] => [
  POSITIVE,
  ...EASY.map((easy, i) => easy + share * ((HARD[i] as number) - easy)),
];

export const negatives: Figure = {
  id: "negatives",
  title: "Easy and hard negatives",
  text: "One positive with score 2 and three negatives. Far below it they teach nothing; near it they take most of the gradient. The loss is a cross-entropy whose classes are the candidates.",
  needs: ["crossEntropy"],
  build(stage) {
    const bars = new Bars();
    const lines = new Lines();
    stage.place(h("div", { class: "pair" }, bars.element, lines.element));
    const share = stage.slider("hardness", {
      label: "hardness",
      value: 1,
      min: 0,
      max: 1.3,
      step: 0.01,
    });
    const call = (rows: readonly (readonly number[])[]) =>
      stage.run(
        "crossEntropy",
        [tensor(Float32Array.from(rows.flat()), [rows.length, 4]), new Int32Array(rows.length)],
        { reduction: "none", gradients: true },
      );
    return async () => {
      const scores = scoresAt(share.value);
      const one = await call([scores]);
      bars.draw({
        label: "Scores of one positive and three negatives with their gradients",
        names: ["positive", "negative 1", "negative 2", "negative 3"],
        yLabel: "score, gradient",
        series: [
          { name: "score", tone: 4, values: scores },
          { name: "gradient", tone: 2, values: pick(one.got, "gradients.logits") },
        ],
      });
      const xs = spaced(0, 1.3, POINTS);
      const curve = await call(Array.from(xs, scoresAt));
      lines.draw({
        label: "InfoNCE loss over the hardness of the negatives",
        xs,
        xLabel: "hardness",
        yLabel: "loss",
        lines: [
          {
            name: "InfoNCE on given scores",
            tone: 1,
            ys: pick(curve.got, "loss"),
            reference: curve.worst && pick(curve.expected, "loss"),
          },
        ],
        marks: [{ x: share.value, y: pick(one.got, "loss")[0] as number, tone: 2 }],
        uprights: [{ x: 1, label: "hard" }],
        yMin: 0,
      });
      stage.say(
        `Loss ${num(pick(one.got, "loss")[0] as number)}; with easy negatives it is 0.0355, with hard ones 1.111.`,
      );
      stage.code(`import { crossEntropy } from "webgpu-loss";

// The positive stands in column 0.
const { loss, gradients } = await crossEntropy([[${scores.map((x) => Number(x.toFixed(3))).join(", ")}]], [0], { gradients: true });`);
    };
  },
};
