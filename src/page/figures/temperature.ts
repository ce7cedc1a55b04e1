import { tensor } from "../../index.js";
import { Bars } from "../chart/bars.js";
import { Lines } from "../chart/lines.js";
import { h } from "../parts/dom.js";
import { num } from "../parts/format.js";
import { pick } from "../parts/run.js";
import { spaced } from "../scenes/types.js";
import type { Figure } from "../views/figure.js";

const LOGITS = [2, 1, 0];
const POINTS = 121;

const norm = (list: ArrayLike<number>, row: number): number =>
  Math.hypot(...LOGITS.map((_, c) => list[row * LOGITS.length + c] as number));

export const temperature: Figure = {
  id: "temperature",
  title: "Temperature: how sure, and how strong a pull",
  text: "A low temperature sharpens the softmax and multiplies the gradient by 1/τ; a high one flattens both. The norm is largest where the softmax is just unsure enough.",
  needs: ["crossEntropy"],
  build(stage) {
    const bars = new Bars();
    const lines = new Lines();
    stage.place(h("div", { class: "pair" }, bars.element, lines.element));
    const tau = stage.slider("tau", {
      label: "temperature τ",
      value: 1,
      min: 0.1,
      max: 10,
      log: true,
    });
    const target = stage.choice("target", {
      label: "target",
      value: "0",
      options: ["0", "1", "2"],
    });
    // One call has one temperature, so each row is divided beforehand to draw the whole curve at once.
    const curve = async (taus: Float32Array) => {
      const logits = Float32Array.from(Array.from(taus, (t) => LOGITS.map((z) => z / t)).flat());
      const targets = new Int32Array(taus.length).fill(Number(target.value));
      const { got } = await stage.run("crossEntropy", [tensor(logits, [taus.length, 3]), targets], {
        reduction: "none",
        gradients: true,
      });
      return Array.from(taus, (t, row) => norm(pick(got, "gradients.logits"), row) / t);
    };
    return async () => {
      const y = Number(target.value);
      const { got } = await stage.run(
        "crossEntropy",
        [tensor(Float32Array.from(LOGITS), [1, 3]), Int32Array.of(y)],
        {
          temperature: tau.value,
          gradients: true,
        },
      );
      const slopes = pick(got, "gradients.logits");
      // The gradient is (p − onehot)/τ, so the probabilities can be read off it.
      const p = LOGITS.map((_, c) => (slopes[c] as number) * tau.value + (c === y ? 1 : 0));
      bars.draw({
        label: "Probabilities and gradient of each class",
        names: LOGITS.map((z, c) => `z = ${z}${c === y ? ", target" : ""}`),
        yLabel: "probability, gradient",
        series: [
          { name: "probability", tone: 1, values: p },
          { name: "gradient", tone: 2, values: slopes },
        ],
        yMax: 1,
      });
      const exponents = spaced(-1, 1, POINTS);
      const xs = Float32Array.from(exponents, (e) => 10 ** e);
      lines.draw({
        label: "Norm of the gradient over the temperature",
        xs: exponents,
        xLabel: "log₁₀ τ",
        yLabel: "norm of the gradient",
        lines: [{ name: "‖gradient‖", tone: 3, ys: await curve(xs) }],
        marks: [
          {
            x: Math.log10(tau.value),
            y: norm(slopes, 0),
            tone: 3,
            label: `τ = ${num(tau.value, 3)}`,
          },
        ],
        yMin: 0,
      });
      stage.say(
        `Loss ${num(pick(got, "loss")[0] as number)}, gradient norm ${num(norm(slopes, 0))}.`,
      );
      stage.code(`import { crossEntropy } from "webgpu-loss";

const { loss, gradients } = await crossEntropy([[${LOGITS.join(", ")}]], [${y}], {
  temperature: ${tau.value}, gradients: true,
});
const slopes = await gradients.logits.read();   // (p - onehot) / temperature
const norm = Math.hypot(...slopes);`);
    };
  },
};
