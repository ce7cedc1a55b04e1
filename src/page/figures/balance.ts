import { tensor } from "../../index.js";
import { Shares } from "../chart/shares.js";
import { h } from "../parts/dom.js";
import { num, percent } from "../parts/format.js";
import { pick } from "../parts/run.js";
import type { Figure } from "../views/figure.js";

const terms = ["classification", "box", "contrastive"] as const;

export const balance: Figure = {
  id: "balance",
  title: "Balancing several losses",
  text: "A detector with three heads: class, box, embedding. What a head learns is decided by its share of the gradient, not of the loss.",
  needs: ["crossEntropy", "smoothL1", "infoNCE", "combine"],
  build(stage) {
    const value = new Shares();
    const slope = new Shares();
    stage.place(
      h("h3", { class: "small" }, "Share of the loss"),
      value.element,
      h("h3", { class: "small" }, "Share of the gradient's norm"),
      slope.element,
    );
    const scales = [
      stage.slider("classification", {
        label: "weight of classification",
        value: 1,
        min: 0.05,
        max: 20,
        log: true,
      }),
      stage.slider("box", { label: "weight of box", value: 10, min: 0.05, max: 100, log: true }),
      stage.slider("contrastive", {
        label: "weight of contrastive",
        value: 0.2,
        min: 0.05,
        max: 20,
        log: true,
      }),
    ];
    return async () => {
      const outcomes = [
        await stage.run(
          "crossEntropy",
          [tensor(Float32Array.of(1.2, 0.4, -0.3, 0.1, 0.9, 0.2), [2, 3]), Int32Array.of(0, 1)],
          { gradients: ["logits"] },
        ),
        await stage.run(
          "smoothL1",
          [Float32Array.of(0.2, 0.5, 0.9, 0.4), Float32Array.of(0.1, 0.2, 0.6, 0.7)],
          { gradients: ["predictions"] },
        ),
        await stage.run(
          "infoNCE",
          [
            tensor(Float32Array.of(1, 0.2, 0.1, 1, 0.8, 0.9), [3, 2]),
            tensor(Float32Array.of(0.9, 0.4, 0.3, 1, 1, 0.6), [3, 2]),
          ],
          { temperature: 0.2, gradients: ["queries"] },
        ),
      ];
      const weights = scales.map(({ value: weight }) => weight);
      const values = Float32Array.from(outcomes, ({ got }) => pick(got, "loss")[0] as number);
      const combined = await stage.run("combine", [values], {
        weights: Float32Array.from(weights),
        outputs: ["shares"],
      });
      const norms = outcomes.map(({ got }, i) => {
        const path = Object.keys(got).find((name) => name.startsWith("gradients.")) as string;
        return (scales[i]?.value as number) * Math.hypot(...Array.from(pick(got, path)));
      });
      const shares = (values: readonly number[]) =>
        terms.map((name, i) => ({ name, tone: i + 1, value: values[i] as number }));
      value.draw("Share of the loss", shares(Array.from(pick(combined.got, "shares"))));
      slope.draw("Share of the gradient", shares(norms));
      const total = pick(combined.got, "loss")[0] as number;
      stage.say(
        `Total ${num(total)}; box is ${percent(pick(combined.got, "shares")[1] as number)} of it.`,
      );
      stage.code(`import { combine, crossEntropy, infoNCE, smoothL1 } from "webgpu-loss";

// upstream multiplies the gradients in the same pass; no second kernel scales them.
const classes = await crossEntropy(logits, labels, { upstream: ${weights[0]}, gradients: true });
const boxes = await smoothL1(predicted, wanted, { upstream: ${weights[1]}, gradients: ["predictions"] });
const pairs = await infoNCE(queries, keys, { upstream: ${weights[2]}, gradients: true });
const { loss, shares } = await combine([
  { loss: classes, weight: ${weights[0]} },
  { loss: boxes, weight: ${weights[1]} },
  { loss: pairs, weight: ${weights[2]} },
]);`);
    };
  },
};
