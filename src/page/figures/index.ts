import type { Figure } from "../views/figure.js";
import { accumulation } from "./accumulation.js";
import { balance } from "./balance.js";
import { denominators } from "./denominators.js";
import { focal } from "./focal.js";
import { gaussian } from "./gaussian.js";
import { imbalance } from "./imbalance.js";
import { landscape } from "./landscape.js";
import { negatives } from "./negatives.js";
import { preferences } from "./preferences.js";
import { proper } from "./proper.js";
import { similarity } from "./similarity.js";
import { smoothing } from "./smoothing.js";
import { temperature } from "./temperature.js";
import { triplets } from "./triplets.js";
import { weights } from "./weights.js";

/** The figures in reading order. */
export const chapters: readonly { readonly title: string; readonly figures: readonly Figure[] }[] =
  [
    { title: "Classes", figures: [landscape, temperature, smoothing, focal, imbalance] },
    { title: "Reports and variances", figures: [proper, gaussian] },
    { title: "Means of many", figures: [denominators, weights, accumulation, balance] },
    {
      title: "Embeddings and preferences",
      figures: [similarity, negatives, triplets, preferences],
    },
  ];
