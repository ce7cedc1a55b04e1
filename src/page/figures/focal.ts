import { tensor } from "../../index.js";
import { type Line, Lines, linkCursors } from "../chart/lines.js";
import { h } from "../parts/dom.js";
import { num } from "../parts/format.js";
import { pick } from "../parts/run.js";
import { spaced } from "../scenes/types.js";
import type { Figure } from "../views/figure.js";

const POINTS = 199;

export const focal: Figure = {
  id: "focal",
  title: "Focal loss leaves the easy ones alone",
  text: "With γ the loss of an example that is right already, p near 1, falls towards nothing: many easy examples cannot drown a few hard ones. γ = 0 is cross-entropy.",
  needs: ["sigmoidFocal"],
  build(stage) {
    const value = new Lines();
    const slope = new Lines();
    linkCursors(value, slope);
    stage.place(h("div", { class: "pair" }, value.element, slope.element));
    const gamma = stage.slider("gamma", {
      label: "focusing γ",
      value: 2,
      min: 0,
      max: 8,
      step: 0.1,
    });
    return async () => {
      const xs = spaced(0.005, 0.995, POINTS);
      const logits = Float32Array.from(xs, (p) => Math.log(p / (1 - p)));
      const ones = new Float32Array(POINTS).fill(1);
      const lines: Line[] = [];
      const slopes: Line[] = [];
      const gammas = [...new Set([gamma.value, 0, 1, 5])];
      for (const [i, one] of gammas.entries()) {
        const { got, expected, worst } = await stage.run(
          "sigmoidFocal",
          [tensor(logits), tensor(ones)],
          {
            alpha: null,
            gamma: one,
            reduction: "none",
            gradients: ["logits"],
          },
        );
        const line = (path: string): Line => ({
          name: `γ = ${num(one, 2)}`,
          tone: i + 1,
          ys: pick(got, path),
          reference: worst && i === 0 ? pick(expected, path) : undefined,
        });
        lines.push(line("loss"));
        slopes.push(line("gradients.logits"));
      }
      const common = { xs, xLabel: "probability of the true class" };
      value.draw({
        ...common,
        label: "Focal loss over the probability of the true class",
        yLabel: "loss",
        lines,
        yMin: 0,
        yMax: 4,
      });
      slope.draw({
        ...common,
        label: "Gradient of focal loss by the logit",
        yLabel: "gradient by the logit",
        lines: slopes,
      });
      const at = Math.round(((0.9 - 0.005) / 0.99) * (POINTS - 1));
      const ratio = (lines[gammas.indexOf(0)]?.ys[at] as number) / (lines[0]?.ys[at] as number);
      stage.say(
        `At p ≈ 0.9 this example counts ${num(ratio, 3)} times less than under cross-entropy.`,
      );
      stage.code(`import { sigmoidFocal } from "webgpu-loss";

const p = Float32Array.from({ length: ${POINTS} }, (_, i) => 0.005 + (0.99 * i) / ${POINTS - 1});
const logits = p.map((p) => Math.log(p / (1 - p)));
const { loss, gradients } = await sigmoidFocal(logits, new Float32Array(${POINTS}).fill(1), {
  alpha: null, gamma: ${gamma.value}, reduction: "none", gradients: ["logits"],
});`);
    };
  },
};
