import { tensor } from "../../index.js";
import { Bars } from "../chart/bars.js";
import { fill, h } from "../parts/dom.js";
import { num } from "../parts/format.js";
import { pick } from "../parts/run.js";
import { table } from "../parts/table.js";
import type { Figure } from "../views/figure.js";

const SENTENCES = [
  ["The", "cat", "sat", "on", "the", "mat"],
  ["Dogs", "bark", "<pad>", "<pad>", "<pad>", "<pad>"],
];
const LENGTH = 6;
const CLASSES = 5;
const TOKENS = SENTENCES.flat();
/** How sure the model is of each token. */
const MARGINS = [1.5, 0.2, 2.5, 3, 2.2, -0.5, -1, -0.4, 0, 0, 0, 0];

const LOGITS = Float32Array.from(
  MARGINS.flatMap((z, t) =>
    Array.from({ length: CLASSES }, (_, c) => (c === t % CLASSES ? z : 0.3 * ((c * 7 + t) % 3))),
  ),
);
const TARGETS = Int32Array.from(TOKENS, (_, t) => t % CLASSES);

const reductions: readonly [name: string, text: string, right: boolean][] = [
  ["tokenMean", "tokens that count", true],
  ["sequenceMean", "each sentence's tokens, then sentences", true],
  ["meanCount", "all places, padding too", false],
  ["batchMean", "sentences", false],
];

export const denominators: Figure = {
  id: "denominators",
  title: "What do you divide by?",
  text: "Click tokens to leave them out. Every row of the table divides the same sum; by what decides how much a token counts, and whether padding waters the loss down.",
  needs: ["crossEntropy"],
  build(stage) {
    const mask = Uint8Array.from(TOKENS, (token) => (token === "<pad>" ? 0 : 1));
    const strip = h("div", { class: "tokens", role: "group", "aria-label": "Tokens that count" });
    const body = h("tbody");
    const bars = new Bars(0.26);
    const tiles = TOKENS.map((token, t) =>
      h(
        "button",
        {
          type: "button",
          class: "token",
          onclick: () => {
            mask[t] = 1 - (mask[t] as number);
            stage.changed();
          },
        },
        h("span", {}, token),
        h("small", {}),
      ),
    );
    for (let row = 0; row < SENTENCES.length; row++) {
      strip.append(h("div", { class: "token-row" }, tiles.slice(row * LENGTH, (row + 1) * LENGTH)));
    }
    stage.place(
      strip,
      table(
        "Denominators",
        ["reduction", "divides the sum by", ">loss", "right?"],
        body,
        "compact",
      ),
      bars.element,
    );
    const call = (options: object) =>
      stage.run(
        "crossEntropy",
        [tensor(LOGITS, [2, LENGTH, CLASSES]), tensor(TARGETS, [2, LENGTH])],
        { mask: tensor(mask.slice(), [2, LENGTH]), ...options },
      );
    return async () => {
      const each = pick((await call({ reduction: "none" })).got, "loss");
      for (const [t, tile] of tiles.entries()) {
        tile.setAttribute("aria-pressed", String(mask[t] === 1));
        fill(tile.querySelector("small") as Element, mask[t] ? num(each[t] as number, 2) : "out");
      }
      const rows: HTMLElement[] = [];
      const pulls: number[] = [];
      for (const [reduction, text, right] of reductions) {
        const { got } = await call({ reduction, gradients: ["logits"] });
        const slopes = pick(got, "gradients.logits");
        let pull = 0;
        for (let c = 0; c < CLASSES; c++)
          pull += Math.abs(slopes[(LENGTH + 1) * CLASSES + c] as number);
        pulls.push(pull);
        rows.push(
          h(
            "tr",
            {},
            h("th", { scope: "row" }, h("code", {}, reduction)),
            h("td", {}, text),
            h("td", { class: "number" }, num(pick(got, "loss")[0] as number, 4)),
            h(
              "td",
              { class: right ? "good" : "bad" },
              right ? "✓" : "✗",
              h("span", {}, right ? " padding has no say" : " lengths change it"),
            ),
          ),
        );
      }
      fill(body, rows);
      bars.draw({
        label: "How strongly the token “bark” pulls under each reduction",
        names: reductions.map(([name]) => name),
        yLabel: "pull of “bark”",
        series: [{ name: "sum of |gradient| of its logits", tone: 1, values: pulls }],
        digits: 3,
        yMin: 0,
      });
      const count = mask.reduce((sum, m) => sum + m, 0);
      stage.say(`${count} of ${TOKENS.length} places count.`);
      stage.code(`import { crossEntropy, tensor } from "webgpu-loss";

// logits (2, ${LENGTH}, classes), targets and mask (2, ${LENGTH})
const mask = tensor(new Uint8Array([${mask.join(", ")}]), [2, ${LENGTH}]);
const { loss, gradients } = await crossEntropy(logits, targets, {
  mask,
  reduction: "tokenMean", // or sequenceMean, meanCount, batchMean, { denominator }
  gradients: true,        // exactly 0 where the mask is 0
});`);
    };
  },
};
