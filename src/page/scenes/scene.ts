import type { AnyLoss } from "../../index.js";
import type { Worst } from "../../verify.js";
import { caseScene } from "./case.js";
import { elementScene } from "./element.js";
import { rowScene } from "./row.js";
import type { Scene } from "./types.js";
import { vectorScene } from "./vectors.js";

export type { Axis, Curve, Knob, Scene } from "./types.js";
export type { Worst };

/** How a loss becomes a curve: elements and rows in one call, everything else by its worked example, point by point. */
export function sceneOf(loss: AnyLoss): Scene {
  if (loss.spec.family === "elementwise") return elementScene(loss);
  const { family } = loss.spec;
  const own =
    family === "row" ? rowScene(loss) : family === "pairwise" ? vectorScene(loss) : undefined;
  return own ?? caseScene(loss);
}
