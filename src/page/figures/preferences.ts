import { Bars } from "../chart/bars.js";
import { Lines } from "../chart/lines.js";
import { h } from "../parts/dom.js";
import { num } from "../parts/format.js";
import { pick } from "../parts/run.js";
import { spaced } from "../scenes/types.js";
import type { Figure } from "../views/figure.js";

/** Log-probabilities of four pairs: policy and reference, chosen and rejected answer. */
const CHOSEN = Float32Array.of(-12, -20, -9, -15);
const REJECTED = Float32Array.of(-18, -16, -10, -40);
const REFERENCE_CHOSEN = Float32Array.of(-14, -18, -9, -17);
const REFERENCE_REJECTED = Float32Array.of(-15, -19, -10, -16);
const POINTS = 121;

export const preferences: Figure = {
  id: "preferences",
  title: "Preferences without a reward model",
  text: "How much more likely than the reference does the policy make the chosen answer, against the same for the rejected one? Pairs on the right are learned; their pull fades as the margin grows, faster with a larger β.",
  needs: ["dpo"],
  build(stage) {
    const bars = new Bars();
    const lines = new Lines();
    stage.place(h("div", { class: "pair" }, lines.element, bars.element));
    const beta = stage.slider("beta", {
      label: "strength β",
      value: 0.1,
      min: 0.01,
      max: 1,
      log: true,
    });
    const variant = stage.choice("variant", {
      label: "variant",
      value: "sigmoid",
      options: ["sigmoid", "hinge", "ipo"],
    });
    return async () => {
      const options = {
        beta: beta.value,
        variant: variant.value,
        reduction: "none",
        gradients: ["policyChosen", "policyRejected"],
      };
      const pairs = await stage.run(
        "dpo",
        [CHOSEN, REJECTED, REFERENCE_CHOSEN, REFERENCE_REJECTED],
        options,
      );
      const margins = Array.from(
        CHOSEN,
        (c, i) =>
          c -
          (REFERENCE_CHOSEN[i] as number) -
          ((REJECTED[i] as number) - (REFERENCE_REJECTED[i] as number)),
      );
      const xs = spaced(-30, 30, POINTS);
      const zeros = new Float32Array(POINTS);
      const curve = await stage.run("dpo", [xs, zeros, zeros, zeros], options);
      lines.draw({
        label: "DPO loss over the margin of log-ratios, with four pairs on it",
        xs,
        xLabel: "margin of log-ratios",
        yLabel: "loss",
        lines: [
          {
            name: variant.value,
            tone: 1,
            ys: pick(curve.got, "loss"),
            reference: curve.worst && pick(curve.expected, "loss"),
          },
        ],
        marks: margins.map((x, i) => ({
          x,
          y: pick(pairs.got, "loss")[i] as number,
          tone: i + 2,
          label: `${i + 1}`,
        })),
      });
      bars.draw({
        label: "Gradients of the four pairs",
        names: margins.map((_, i) => `pair ${i + 1}`),
        yLabel: "gradient",
        series: [
          { name: "chosen answer", tone: 3, values: pick(pairs.got, "gradients.policyChosen") },
          { name: "rejected answer", tone: 2, values: pick(pairs.got, "gradients.policyRejected") },
        ],
      });
      stage.say(
        `Margins ${margins.map((m) => num(m, 3)).join(", ")}; pair 2 prefers the wrong answer and pulls hardest.`,
      );
      stage.code(`import { dpo } from "webgpu-loss";

// Summed log-probabilities of each answer, one per pair.
const { loss, gradients } = await dpo(
  policyChosen, policyRejected, referenceChosen, referenceRejected,
  { beta: ${beta.value}, variant: "${variant.value}", gradients: ["policyChosen", "policyRejected"] },
);`);
    };
  },
};
