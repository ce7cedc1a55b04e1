import { Lines } from "../chart/lines.js";
import { num } from "../parts/format.js";
import { pick } from "../parts/run.js";
import { spaced } from "../scenes/types.js";
import type { Figure } from "../views/figure.js";

const POINTS = 197;

export const proper: Figure = {
  id: "proper",
  title: "Honesty is the best report",
  text: "Something happens with probability p; you report q. The expected log-loss is lowest at q = p, so log-loss is called proper. The squared error is proper too; the absolute error is not.",
  needs: ["bce", "mse", "mae"],
  build(stage) {
    const lines = new Lines(0.5);
    stage.place(lines.element);
    const truth = stage.slider("p", {
      label: "true probability p",
      value: 0.7,
      min: 0.02,
      max: 0.98,
      step: 0.01,
    });
    return async () => {
      const xs = spaced(0.01, 0.99, POINTS);
      const p = truth.value;
      const log = await stage.run("bce", [xs, new Float32Array(POINTS).fill(p)], {
        reduction: "none",
      });
      // Expectation over the two outcomes: p times the loss at 1, 1 − p times the loss at 0.
      const expected = async (name: string): Promise<number[]> => {
        const ones = await stage.run(name, [xs, new Float32Array(POINTS).fill(1)], {
          reduction: "none",
        });
        const zeros = await stage.run(name, [xs, new Float32Array(POINTS)], { reduction: "none" });
        return Array.from(
          xs,
          (_, i) =>
            p * (pick(ones.got, "loss")[i] as number) +
            (1 - p) * (pick(zeros.got, "loss")[i] as number),
        );
      };
      const ys = Array.from(pick(log.got, "loss"));
      const squared = await expected("mse");
      const absolute = await expected("mae");
      const lowest = (list: readonly number[]): number =>
        xs[list.indexOf(Math.min(...list))] as number;
      lines.draw({
        label: "Expected loss over the reported probability",
        xs,
        xLabel: "report q",
        yLabel: "expected loss",
        lines: [
          { name: "log-loss", tone: 1, ys, reference: log.worst && pick(log.expected, "loss") },
          { name: "squared error", tone: 3, ys: squared },
          { name: "absolute error", tone: 2, ys: absolute },
        ],
        uprights: [{ x: p, label: `p = ${num(p, 2)}` }],
        marks: [
          { x: lowest(ys), y: Math.min(...ys), tone: 1 },
          { x: lowest(squared), y: Math.min(...squared), tone: 3 },
          { x: lowest(absolute), y: Math.min(...absolute), tone: 2 },
        ],
        yMin: 0,
        yMax: 3,
      });
      stage.say(
        `Best report under log-loss ${num(lowest(ys), 3)}, squared error ${num(lowest(squared), 3)}, absolute error ${num(lowest(absolute), 3)}.`,
      );
      stage.code(`import { bce } from "webgpu-loss";

// A soft target is the expectation over both outcomes.
const reports = Float32Array.from({ length: ${POINTS} }, (_, i) => 0.01 + (0.98 * i) / ${POINTS - 1});
const { loss } = await bce(reports, new Float32Array(${POINTS}).fill(${p}), { reduction: "none" });
const expected = await loss.read();
const best = reports[expected.indexOf(Math.min(...expected))];`);
    };
  },
};
