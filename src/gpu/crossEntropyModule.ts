import lossMain from "../../shaders/crossEntropy.wgsl?raw";
import alone from "../../shaders/crossEntropyAlone.wgsl?raw";
import chain from "../../shaders/crossEntropyChain.wgsl?raw";
import element from "../../shaders/crossEntropyElement.wgsl?raw";
import fused from "../../shaders/crossEntropyFused.wgsl?raw";
import gradientPass from "../../shaders/crossEntropyGradient.wgsl?raw";
import index from "../../shaders/crossEntropyIndex.wgsl?raw";
import inPlace32 from "../../shaders/crossEntropyInPlace32.wgsl?raw";
import lanesPiece from "../../shaders/crossEntropyLanes.wgsl?raw";
import load32 from "../../shaders/crossEntropyLoad32.wgsl?raw";
import loadQuads from "../../shaders/crossEntropyLoadQuads.wgsl?raw";
import loadTiles from "../../shaders/crossEntropyLoadTiles.wgsl?raw";
import loadWide from "../../shaders/crossEntropyLoadWide.wgsl?raw";
import plain from "../../shaders/crossEntropyPlain.wgsl?raw";
import quads32 from "../../shaders/crossEntropyQuads32.wgsl?raw";
import readOnly from "../../shaders/crossEntropyReadOnly.wgsl?raw";
import rows from "../../shaders/crossEntropyRows.wgsl?raw";
import scan from "../../shaders/crossEntropyScan.wgsl?raw";
import separate from "../../shaders/crossEntropySeparate.wgsl?raw";
import stats from "../../shaders/crossEntropyStats.wgsl?raw";
import store from "../../shaders/crossEntropyStore.wgsl?raw";
import storeQuads from "../../shaders/crossEntropyStoreQuads.wgsl?raw";
import subgroups from "../../shaders/crossEntropySubgroups.wgsl?raw";
import sums from "../../shaders/crossEntropySums.wgsl?raw";
import tiles from "../../shaders/crossEntropyTiles.wgsl?raw";
import tree from "../../shaders/crossEntropyTree.wgsl?raw";
import verdict from "../../shaders/crossEntropyVerdict.wgsl?raw";
import whole from "../../shaders/crossEntropyWhole.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import { gpuDType } from "../dtype.js";
import type { Geometry } from "../losses/crossEntropy.js";
import type { CrossEntropyShape, Kernel } from "../plan.js";
import type { Call } from "../spec.js";
import { hasFew, partsOfRows } from "./rowShape.js";

/**
 * What one dispatch over rows does: losses alone, with the gradient (beside or over the logits), or the targets' gradient;
 * or it leaves what the parts of split rows come to, from which these start then.
 */
export type Work = "losses" | "gradient" | "inPlace" | "targets" | "parts";

type Rare = typeof import("./crossEntropyRare.js");
type Few = typeof import("./crossEntropyFew.js");

/** Pieces that not every call needs, once they are loaded. */
const pieces: { rare?: Rare; few?: Few } = {};

/** Loads what a call needs before it is planned; without one, what any call may need. Undefined where all is here. */
export function loadPieces(call?: Call<Geometry>): Promise<unknown> | undefined {
  const isRare =
    !call ||
    call.geometry.soft ||
    call.request.number("softcap") > 0 ||
    gpuDType(call.request.get("logits").dtype) !== "f32" ||
    partsOfRows(call.on, call.geometry.rows, call.geometry.classes) > 1;
  const isFew = !call || hasFew(call.on, call.geometry.classes);
  const missing = [
    isRare && !pieces.rare && import("./crossEntropyRare.js").then((rare) => (pieces.rare = rare)),
    isFew && !pieces.few && import("./crossEntropyFew.js").then((few) => (pieces.few = few)),
  ].filter(Boolean);
  return missing.length > 0 ? Promise.all(missing) : undefined;
}

export interface Variant extends CrossEntropyShape {
  readonly classes: number;
  readonly storage: number;
  /** Targets are probabilities; their storage format. */
  readonly soft?: number | undefined;
  readonly weighted: boolean;
  readonly smoothed: boolean;
  readonly softcapped: boolean;
  readonly zLoss: boolean;
  /** Outputs wanted, a bit each: logSumExp, logProbs, entropy, correct, slope of the temperature. */
  readonly stats: number;
  readonly temperatureTensor: boolean;
  readonly strided: boolean;
  /** Logits are bound a second time, as tiles of 64 bytes. */
  readonly tiled: boolean;
}

const ENTROPY = 4;

const params: Kernel["params"] = {
  rows: "u32",
  classes: "u32",
  rowStart: "u32",
  chunkStart: "u32",
  pixelStart: "u32",
  parts: "u32",
  logitsStart: "u32",
  statsStart: "u32",
  gradientStart: "u32",
  rowStride: "u32",
  gridWidth: "u32",
  totalRows: "u32",
  segmentLength: "u32",
  segments: "u32",
  inner: "u32",
  classWeightsStart: "u32",
  targetsStart: "u32",
  targetsGradientStart: "u32",
  labelSmoothing: "f32",
  temperature: "f32",
  softcap: "f32",
  zLoss: "f32",
};

function fewParts(work: Work, units: string, pieces: Few): string[] {
  const { few, fewSums, fewLosses, fewFused } = pieces;
  const parts = [math, rows, units, sums, element, index, stats, few, fewSums];
  if (work === "losses") return [...parts, readOnly, fewLosses];
  return [...parts, verdict, work === "gradient" ? separate : inPlace32, fewFused];
}

/** How the lanes of a row come together. */
function joinOf({ lanes, subgroups: hasSubgroups }: Variant): string {
  if (lanes === 1) return alone;
  if (hasSubgroups) return subgroups;
  return lanes <= 16 ? chain : tree;
}

/** Whether logits are bound a second time, by fours. What is written cannot be, and a binding holds a whole quad. */
export function readsQuads(work: Work, { quads, classes, soft, parts }: Variant): boolean {
  if (!quads || classes < 16 || work === "inPlace") return false;
  if (work === "losses" || work === "parts") return true;
  // Devices have eight bindings. Gradients are then stored by fours too, none of which two rows may share.
  return (soft === undefined || parts === 1) && (work === "targets" || classes % 4 === 0);
}

/** Whether sums alone are made of the logits in tiles: then minus infinity may stand for what is no class, or the label. */
const isMasked = (work: Work, variant: Variant): boolean =>
  variant.quads &&
  (variant.storage === 0 || readsQuads(work, variant)) &&
  variant.soft === undefined &&
  !(variant.smoothed || variant.softcapped || variant.stats & ENTROPY);

function partsOf(work: Work, variant: Variant): string[] {
  const rare = pieces.rare as Rare;
  const units = variant.softcapped ? rare.capped : plain;
  if (variant.few) return fewParts(work, units, pieces.few as Few);
  const { storage, soft, strided, tiled } = variant;
  const isQuads = readsQuads(work, variant);
  const words = storage === 0 || strided ? load32 : rare.load16;
  const bits = storage === 0 ? quads32 : rare.quads16;
  const load = tiled ? [loadWide, loadTiles] : isQuads ? [loadWide, loadQuads, bits] : [words];
  const q = soft === undefined ? index : rare.soft;
  const parts = [
    math,
    rows,
    units,
    lanesPiece,
    ...load,
    sums,
    scan,
    tiles,
    element,
    q,
    joinOf(variant),
    stats,
    variant.parts === 1 || work === "parts" ? whole : rare.fromParts,
  ];
  if (work === "parts") return [...parts, readOnly, rare.parts];
  if (work === "losses") return [...parts, readOnly, lossMain];
  if (work === "targets") return [...parts, readOnly, rare.targets];
  const beside = isQuads ? [storeQuads] : [separate, store];
  const io =
    work === "gradient"
      ? beside
      : storage === 0
        ? [inPlace32, store]
        : [rare.toHalves, rare.inPlace16];
  return [...parts, verdict, gradientPass, ...io, fused];
}

/** The kernel over rows for one kind of work. */
export function rowKernel(work: Work, variant: Variant): Kernel {
  const { soft: targetsStorage } = variant;
  return {
    label: `cross-entropy: ${work}`,
    parts: partsOf(work, variant),
    constants: {
      LANES: variant.lanes,
      ROWS: variant.rows,
      // Losses made of parts need one workgroup a row.
      SPLIT: variant.parts > 1 && work !== "losses",
      SUBGROUPS: variant.lanes > 1 && variant.subgroups,
      STORAGE: variant.storage,
      WEIGHTED: variant.weighted,
      SMOOTHED: variant.smoothed,
      SOFTCAPPED: variant.softcapped,
      ZLOSS: variant.zLoss,
      STATS: variant.stats,
      TEMPERATURE_TENSOR: variant.temperatureTensor,
      // Lanes of a GPU have time to test the bits of every logit; SwiftShader looks at sums.
      BITWISE: variant.lanes >= 32,
      STRIDED: variant.strided,
      MASKED: isMasked(work, variant),
      // Quads of the gradient begin with the row.
      IN_STEP: work === "gradient" && readsQuads(work, variant),
      ...(targetsStorage === undefined ? {} : { TARGETS_STORAGE: targetsStorage }),
    },
    params,
  };
}

/** Joins the words that two rows of 16-bit gradients share. */
export function edgesKernel(storage: number): Kernel {
  const { toHalves, edges } = pieces.rare as Rare;
  return {
    label: "cross-entropy: edges",
    parts: [math, toHalves, edges],
    constants: { STORAGE: storage },
    params: {
      rows: "u32",
      classes: "u32",
      logitsStart: "u32",
      rowStride: "u32",
      gridWidth: "u32",
    },
  };
}
