import { Bars } from "../chart/bars.js";
import { Shares } from "../chart/shares.js";
import { h } from "../parts/dom.js";
import { num } from "../parts/format.js";
import { pick } from "../parts/run.js";
import type { Figure } from "../views/figure.js";

const PREDICTIONS = Float32Array.of(0.1, 0.4, 2, 0.3);

export const weights: Figure = {
  id: "weights",
  title: "Two ways to weigh a mean",
  text: "Losses of 0.1, 0.4, 2 and 0.3, and a weight on the third. Divided out again, Σwℓ/Σw, it keeps the scale of the loss; not divided, Σwℓ/N, it also raises the learning rate.",
  needs: ["mae"],
  build(stage) {
    const bars = new Bars(0.26);
    const shares = new Shares();
    stage.place(
      bars.element,
      h("h3", { class: "small" }, "Share of the weighted mean"),
      shares.element,
    );
    const third = stage.slider("third", {
      label: "weight of the third",
      value: 5,
      min: 0,
      max: 10,
      step: 0.1,
    });
    const first = stage.slider("first", {
      label: "weight of the first",
      value: 1,
      min: 0,
      max: 10,
      step: 0.1,
    });
    return async () => {
      const sampleWeight = Float32Array.of(first.value, 1, third.value, 1);
      const call = async (reduction: string, weighted = true) =>
        pick(
          (
            await stage.run("mae", [PREDICTIONS, new Float32Array(4)], {
              reduction,
              ...(weighted ? { sampleWeight } : {}),
            })
          ).got,
          "loss",
        );
      const plain = (await call("mean", false))[0] as number;
      const each = await call("none");
      const kept = (await call("weightedMean"))[0] as number;
      const raised = (await call("meanCount"))[0] as number;
      bars.draw({
        label: "The plain mean and two weighted means",
        names: ["no weights", "weightedMean", "mean"],
        yLabel: "loss",
        series: [{ name: "mean of the four losses", tone: 1, values: [plain, kept, raised] }],
        digits: 4,
        yMin: 0,
      });
      shares.draw(
        "Share of the weighted mean",
        Array.from(each, (value, i) => ({
          name: `ℓ = ${num(PREDICTIONS[i] as number)}`,
          tone: i + 1,
          value,
        })),
      );
      stage.say(`Plain mean ${num(plain)}; Σwℓ/Σw = ${num(kept)}; Σwℓ/N = ${num(raised)}.`);
      stage.code(`import { mae } from "webgpu-loss";

const { loss } = await mae([0.1, 0.4, 2, 0.3], [0, 0, 0, 0], {
  sampleWeight: new Float32Array([${sampleWeight.join(", ")}]),
  reduction: "weightedMean", // Σwℓ/Σw; "mean" is Σwℓ/N
});`);
    };
  },
};
