import { accumulator, crossEntropy, tensor } from "../../index.js";
import { Bars } from "../chart/bars.js";
import { Lines } from "../chart/lines.js";
import { h } from "../parts/dom.js";
import { num } from "../parts/format.js";
import { pick } from "../parts/run.js";
import { session } from "../parts/session.js";
import type { Figure } from "../views/figure.js";

const SUM = { reduction: "sum", gradients: true } as const;
const CLASSES = 3;
const BATCH = 16;
/** Confidence in the right class of sixteen tokens; the last ones are the hard ones. */
const LOGITS = Array.from({ length: BATCH }, (_, i) => [3 - i * 0.28, 0, 0.5]).flat();

export const accumulation: Figure = {
  id: "accumulation",
  title: "Accumulating gradients",
  text: "A batch of 16 tokens, cut in two because it does not fit. The mean of means is right for equal halves only. An accumulator adds sums and counts on the GPU and divides once, right for every cut. A sum alone grows with the batch, and the step with it.",
  needs: ["crossEntropy", "accumulator"],
  build(stage) {
    const bars = new Bars();
    const growth = new Lines();
    stage.place(h("div", { class: "pair" }, bars.element, growth.element));
    const cut = stage.slider("cut", {
      label: "tokens in the first part",
      value: 12,
      min: 1,
      max: 15,
      step: 1,
    });
    const inputs = (from: number, to: number) =>
      [
        tensor(Float32Array.from(LOGITS.slice(from * CLASSES, to * CLASSES)), [to - from, CLASSES]),
        new Int32Array(to - from),
      ] as const;
    const mean = (from: number, to: number) =>
      stage.run("crossEntropy", inputs(from, to), { gradients: true });
    const norm = (slopes: readonly number[]): number => Math.hypot(...slopes);
    return async () => {
      const at = cut.value;
      const parts = [
        [0, at],
        [at, BATCH],
      ] as const;
      const whole = await mean(0, BATCH);
      const halves = [await mean(...parts[0]), await mean(...parts[1])];
      const { backend } = await session();
      const total = accumulator({ backend });
      const summed: number[] = [];
      for (const [from, to] of parts) {
        const [logits, targets] = inputs(from, to);
        const result = await crossEntropy(logits, targets, { backend, ...SUM });
        await total.add(result);
        summed.push(...((await result.gradients.logits.read()) as Float32Array));
        result.destroy();
      }
      const factor = await total.factor.item();
      const lossOf = ({ got }: typeof whole) => pick(got, "loss")[0] as number;
      const slopesOf = ({ got }: typeof whole) => Array.from(pick(got, "gradients.logits"));
      const losses = [
        lossOf(whole),
        halves.reduce((sum, half) => sum + lossOf(half) / 2, 0),
        await total.loss.item(),
      ];
      const norms = [
        norm(slopesOf(whole)),
        norm(halves.flatMap(slopesOf)) / 2,
        norm(summed) * factor,
      ];
      total.destroy();
      // What the tokens so far pull a bias with that they all share: summed, and divided by their count.
      const perToken = slopesOf(await stage.run("crossEntropy", inputs(0, BATCH), SUM));
      const bias = new Array<number>(CLASSES).fill(0);
      const summedNorms = Array.from({ length: BATCH }, (_, t) => {
        for (let c = 0; c < CLASSES; c++)
          bias[c] = (bias[c] as number) + (perToken[t * CLASSES + c] as number);
        return norm(bias);
      });
      growth.draw({
        label: "Norm of the gradient over the tokens of the batch, by sum and by mean",
        xs: Float32Array.from({ length: BATCH }, (_, t) => t + 1),
        xLabel: "tokens in the batch",
        yLabel: "norm of the gradient",
        lines: [
          { name: "sum", tone: 2, ys: summedNorms },
          { name: "mean", tone: 1, ys: summedNorms.map((value, t) => value / (t + 1)) },
        ],
        yMin: 0,
      });
      bars.draw({
        label: "Loss and gradient norm of one batch and of two accumulated parts",
        names: ["one batch", "mean of means", "accumulator"],
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
          : `${at} and ${BATCH - at} tokens: the mean of means is off by ${num(100 * off, 2)} %; the accumulator is exact.`,
      );
      stage.code(`import { accumulator, crossEntropy } from "webgpu-loss";

const total = accumulator();
for (const { logits, targets } of parts) {
  const result = await crossEntropy(logits, targets, { reduction: "sum", gradients: true });
  await total.add(result);           // stays on the GPU
  // add result.gradients.logits' share to the parameters' gradients
}
await total.loss.item();             // the mean over all tokens
await total.factor.item();           // what the summed gradients are multiplied by`);
    };
  },
};
