import { tensor } from "../../index.js";
import { Bars } from "../chart/bars.js";
import { num } from "../parts/format.js";
import { pick } from "../parts/run.js";
import type { Figure } from "../views/figure.js";

const CLASSES = 3;
const BATCH = 16;
/** Confidence in the right class of sixteen tokens; the last ones are the hard ones. */
const LOGITS = Array.from({ length: BATCH }, (_, i) => [3 - i * 0.28, 0, 0.5]).flat();

export const accumulation: Figure = {
  id: "accumulation",
  title: "Accumulating gradients",
  text: "A batch of 16 tokens, cut in two because it does not fit. With equal halves the mean of the means is the mean; with unequal ones it is not, and the gradient is wrong. Summing, and dividing by the whole count, is right for every cut.",
  needs: ["crossEntropy"],
  build(stage) {
    const bars = new Bars(0.26);
    stage.place(bars.element);
    const cut = stage.slider("cut", {
      label: "tokens in the first part",
      value: 12,
      min: 1,
      max: 15,
      step: 1,
    });
    const part = (from: number, to: number, reduction: unknown) =>
      stage.run(
        "crossEntropy",
        [
          tensor(Float32Array.from(LOGITS.slice(from * CLASSES, to * CLASSES)), [
            to - from,
            CLASSES,
          ]),
          new Int32Array(to - from),
        ],
        { reduction, gradients: true },
      );
    return async () => {
      const at = cut.value;
      const whole = await part(0, BATCH, "mean");
      const means = [await part(0, at, "mean"), await part(at, BATCH, "mean")];
      const sums = [
        await part(0, at, { denominator: BATCH }),
        await part(at, BATCH, { denominator: BATCH }),
      ];
      const add = (parts: typeof means, factor: number) =>
        factor * parts.reduce((sum, { got }) => sum + (pick(got, "loss")[0] as number), 0);
      const norm = (parts: typeof means, factor: number) =>
        factor *
        Math.hypot(...parts.flatMap(({ got }) => Array.from(pick(got, "gradients.logits"))));
      const losses = [add([whole], 1), add(means, 0.5), add(sums, 1)];
      const norms = [norm([whole], 1), norm(means, 0.5), norm(sums, 1)];
      bars.draw({
        label: "Loss and gradient norm of one batch and of two accumulated parts",
        names: ["one batch", "mean of means", "sums ÷ 16"],
        yLabel: "loss, norm of the gradient",
        series: [
          { name: "loss", tone: 1, values: losses },
          { name: "norm of the gradient", tone: 2, values: norms },
        ],
        digits: 4,
        yMin: 0,
      });
      const off = (losses[1] as number) / (losses[0] as number) - 1;
      stage.say(
        Math.abs(off) < 1e-6
          ? "Equal halves: here both ways agree."
          : `${at} and ${BATCH - at} tokens: the mean of means is off by ${num(100 * off, 2)} %; the sums are exact.`,
      );
      stage.code(`import { crossEntropy } from "webgpu-loss";

for (const { logits, targets } of parts) {
  const { loss, gradients } = await crossEntropy(logits, targets, {
    reduction: { denominator: ${BATCH} },  // the tokens of the whole batch
    gradients: true,
  });
  // add gradients.logits' share to the parameters' gradients
}`);
    };
  },
};
