import { tensor } from "../../index.js";
import { Lines } from "../chart/lines.js";
import { Plane } from "../chart/plane.js";
import { h } from "../parts/dom.js";
import { num } from "../parts/format.js";
import { pick } from "../parts/run.js";
import { spaced } from "../scenes/types.js";
import type { Figure } from "../views/figure.js";

const POINTS = 91;

export const triplets: Figure = {
  id: "triplets",
  title: "A triplet in the plane",
  text: "Drag the points, or use the arrow keys. The negative has to be farther from the anchor than the positive by the margin: outside the dashed circle the loss is zero. The arrows are the steps of gradient descent.",
  needs: ["triplet"],
  build(stage) {
    const plane = new Plane(
      [
        { name: "anchor", tone: 1, x: 0, y: 0 },
        { name: "positive", tone: 3, x: 0.8, y: 0.3 },
        { name: "negative", tone: 2, x: 1.1, y: -0.5 },
      ],
      2.2,
      () => stage.changed(),
    );
    const lines = new Lines();
    stage.place(h("div", { class: "pair" }, plane.element, lines.element));
    const margin = stage.slider("margin", {
      label: "margin",
      value: 0.6,
      min: 0.05,
      max: 1.5,
      step: 0.05,
    });
    const distance = stage.choice("distance", {
      label: "distance",
      value: "l2",
      options: ["l2", "squared"],
    });
    return async () => {
      const [a, p, n] = plane.points;
      if (!a || !p || !n) return;
      const inputs = [a, p, n].map(({ x, y }) => tensor(Float32Array.of(x, y), [1, 2]));
      const { got } = await stage.run("triplet", inputs, {
        margin: margin.value,
        distance: distance.value,
        gradients: true,
      });
      const loss = pick(got, "loss")[0] as number;
      const near = Math.hypot(p.x - a.x, p.y - a.y);
      const far = Math.hypot(n.x - a.x, n.y - a.y);
      const reach =
        distance.value === "l2" ? near + margin.value : Math.sqrt(near ** 2 + margin.value);
      plane.draw(
        `Triplet: positive at distance ${num(near, 3)}, negative at ${num(far, 3)}, loss ${num(loss, 4)}`,
        ["anchors", "positives", "negatives"].map((name) => {
          const slope = pick(got, `gradients.${name}`);
          return { dx: -0.35 * (slope[0] as number), dy: -0.35 * (slope[1] as number) };
        }),
        [
          { x: a.x, y: a.y, radius: near, dashed: false },
          { x: a.x, y: a.y, radius: reach, dashed: true },
        ],
      );
      // The same negative pushed out along its own direction.
      const [ux, uy] = far > 0 ? [(n.x - a.x) / far, (n.y - a.y) / far] : [1, 0];
      const xs = spaced(0, 3, POINTS);
      const repeat = (x: number, y: number) =>
        tensor(Float32Array.from(Array.from(xs, () => [x, y]).flat()), [POINTS, 2]);
      const pushed = Float32Array.from(Array.from(xs, (d) => [a.x + d * ux, a.y + d * uy]).flat());
      const cut = await stage.run(
        "triplet",
        [repeat(a.x, a.y), repeat(p.x, p.y), tensor(pushed, [POINTS, 2])],
        {
          margin: margin.value,
          distance: distance.value,
          reduction: "none",
        },
      );
      lines.draw({
        label: "Loss over the distance of the negative",
        xs,
        xLabel: "distance of the negative",
        yLabel: "loss",
        lines: [
          {
            name: "triplet",
            tone: 2,
            ys: pick(cut.got, "loss"),
            reference: cut.worst && pick(cut.expected, "loss"),
          },
        ],
        uprights: [{ x: reach, label: "margin" }],
        marks: [{ x: far, y: loss, tone: 1 }],
        yMin: 0,
      });
      stage.say(
        `Positive at ${num(near, 3)}, negative at ${num(far, 3)}: loss ${num(loss)}${loss === 0 ? ", nothing left to learn." : "."}`,
      );
      stage.code(
        `import { triplet } from "webgpu-loss";

const { loss, gradients } = await triplet(
  [[${num(a.x, 3)}, ${num(a.y, 3)}]], [[${num(p.x, 3)}, ${num(p.y, 3)}]], [[${num(n.x, 3)}, ${num(n.y, 3)}]],
  { margin: ${margin.value}, distance: "${distance.value}", gradients: true },
);`.replaceAll("−", "-"),
      );
    };
  },
};
