import { describe, expect, it } from "vitest";
import * as library from "../../src/index.js";
import { losses } from "../../src/page/parts/registry.js";
import { snippetOf } from "../../src/page/parts/snippet.js";
import { toMathML } from "../../src/page/parts/tex.js";
import { curveOptions } from "../../src/page/scenes/options.js";
import { type Axis, type Scene, sceneOf } from "../../src/page/scenes/scene.js";

const start = (scene: Scene, axis: Axis): Record<string, number> =>
  Object.fromEntries(scene.knobs(axis).map(({ id, value }) => [id, value]));

/** Runs a snippet as a reader would, with the library's names in place of its import line. */
async function runCode<T>(code: string, result: string): Promise<T> {
  const body = code.replace(/^import \{ (.*) \} from "webgpu-loss";/, "const { $1 } = library;");
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
  return AsyncFunction("library", `${body}\nreturn ${result};`)(library);
}

describe.each(losses.map((loss) => [loss.spec.name, loss] as const))(
  "%s on the page",
  (_name, loss) => {
    const scene = sceneOf(loss);

    it("has a formula that the page can set", () => {
      expect(toMathML(loss.spec.formula)).not.toContain("<merror>");
    });

    it("is a curve that the GPU and float64 draw alike, and that the shown code draws again", async () => {
      const axis = scene.axes[0] as Axis;
      expect(axis).toBeDefined();
      const knobs = start(scene, axis);
      const { xs, ys, slopes, worst } = await scene.curve(axis, knobs, {});
      expect(ys.length).toBe(xs.length);
      expect(Array.from(ys).filter(Number.isFinite).length).toBeGreaterThan(xs.length / 2);
      expect(worst?.used ?? 0, JSON.stringify(worst)).toBeLessThanOrEqual(1);
      type Drawn = { curve: ArrayLike<number>; slope: ArrayLike<number> };
      const code = scene.code(axis, knobs, {});
      const { curve, slope } = await runCode<Drawn>(code, "{ curve, slope }");
      expect(Array.from(curve, (y) => y.toFixed(4))).toEqual(Array.from(ys, (y) => y.toFixed(4)));
      expect(Array.from(slope, (y) => y.toFixed(4))).toEqual(
        Array.from(slopes ?? [], (y) => y.toFixed(4)),
      );
    });

    it("has a snippet that runs as it stands, and fits on a card", async () => {
      const snippet = snippetOf(loss);
      await runCode(snippet, "undefined");
      const long = snippet.split("\n").filter((line) => /^const \{|^ {2}/.test(line));
      expect(Math.max(...long.map(({ length }) => length))).toBeLessThanOrEqual(88);
    });

    it("takes every option that it has a control for", async () => {
      const axis = scene.axes[0] as Axis;
      const options = Object.fromEntries(
        curveOptions(loss).map(([name, option]) => [
          name,
          "values" in option ? option.values.at(-1) : option.default,
        ]),
      );
      const { ys } = await scene.curve(axis, start(scene, axis), options);
      expect(ys.length).toBeGreaterThan(10);
    });
  },
);
