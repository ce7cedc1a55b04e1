import elementwise from "../../shaders/elementwise.wgsl?raw";
import gather from "../../shaders/elementwiseGather.wgsl?raw";
import stream from "../../shaders/elementwiseStream.wgsl?raw";
import stretched from "../../shaders/elementwiseStretched.wgsl?raw";
import tally from "../../shaders/elementwiseTally.wgsl?raw";
import expLog from "../../shaders/expLog.wgsl?raw";
import exponential from "../../shaders/exponential.wgsl?raw";
import hookMath from "../../shaders/hookMath.wgsl?raw";
import logistic from "../../shaders/logistic.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import sum from "../../shaders/sum.wgsl?raw";
import tree from "../../shaders/sumTree.wgsl?raw";
import toHalves from "../../shaders/toHalves.wgsl?raw";
import type { ElementwiseLoss } from "../families/elementwise.js";
import type { Kernel } from "../plan.js";
import {
  factorsText,
  foldText,
  gradientFactorsText,
  isHalf,
  keepersText,
  operandsText,
  placeOf,
  type Slot,
  type Variant,
} from "./elementwiseText.js";

type Constants = Kernel["constants"];
type Choices = Readonly<Record<string, string | boolean>>;

interface Binding {
  readonly name: string;
  readonly writes: boolean;
}

/** The buffers that a variant binds, in order. */
export function bindingsOf(variant: Variant): readonly Binding[] {
  const { kernel, slots, factors, folded, settled, keepsLosses, valued } = variant;
  const bindings: Binding[] = [];
  const bind = (name: string, writes: boolean, wanted = true): void => {
    if (wanted) bindings.push({ name, writes });
  };
  for (const { name, storage, gradient } of slots) {
    bind(name, gradient === "inPlace", storage !== undefined && kernel !== "tally");
  }
  for (const name of Object.keys(factors)) bind(name, false);
  bind("folded", kernel === "tally", folded);
  if (kernel !== "tally") bind("totals", false, settled);
  for (const { name, gradient } of slots) {
    bind(`${name}Gradient`, true, gradient === "new" && kernel === "stream");
  }
  bind("losses", true, keepsLosses);
  bind("sums", true, valued);
  bind("partials", true, kernel !== "stream");
  return bindings;
}

const shapes: Readonly<Record<string, string>> = {
  totals: "segments, 2 more",
  sums: "blocks, 4",
};

const declarations = (variant: Variant): string =>
  bindingsOf(variant)
    .map(({ name, writes }, at) => {
      const access = writes ? "read_write" : "read";
      const type = name === "totals" ? "f32" : "u32";
      const planes = variant.kernel === "tally" ? "blocks, 3" : "planes, outputs";
      const shape = name === "partials" ? planes : (shapes[name] ?? "elements");
      return `@group(0) @binding(${at + 1}) var<storage, ${access}> ${name}: array<${type}>;  // (${shape})`;
    })
    .join("\n");

/** A word or flag option as the constant that hooks know it by: logInput is LOG_INPUT. */
const constantName = (name: string): string => name.replace(/[A-Z]/g, "_$&").toUpperCase();

/** The constants that a hook reads, and no others: what it does not read must not compile a second time. */
function hookConstants(loss: ElementwiseLoss, slots: readonly Slot[], choices: Choices): Constants {
  const known: Record<string, number | boolean> = {};
  for (const [name, option] of Object.entries(loss.options)) {
    const choice = choices[name];
    const constant = constantName(name);
    if ("values" in option) known[constant] = option.values.indexOf(choice as string);
    else if (typeof choice === "boolean") known[constant] = choice;
    else if ("nullable" in option) {
      const slot = slots.find((one) => one.name === name);
      known[constant] = slot?.storage !== undefined || slot?.isNumber === true;
    }
  }
  const isRead = ([name]: [string, unknown]) => new RegExp(`\\b${name}\\b`).test(loss.wgsl);
  return Object.fromEntries(Object.entries(known).filter(isRead));
}

const sizes = {
  stream: ["count", "block", "blocks", "firstBlock"],
  tally: ["blocks", "firstBlock", "blocksPerSegment"],
  stretched: ["count", "blocks", "outputs", "positions", "length", "chunks", "firstPlane"],
} as const;

function paramsOf(loss: ElementwiseLoss, variant: Variant): Kernel["params"] {
  const { kernel, slots } = variant;
  const params: Record<string, "u32" | "f32"> = { gridWidth: "u32", first: "u32" };
  for (const name of [...sizes[kernel], "segmentLength"]) params[name] = "u32";
  for (const { name } of bindingsOf(variant)) params[`${name}Start`] = "u32";
  if (kernel === "tally") return params;
  params.denominator = "f32";
  params.upstream = "f32";
  for (const { name, pairs, isNumber } of slots) {
    for (let at = 0; at < pairs; at++) {
      params[`${name}Repeat${at}`] = "u32";
      params[`${name}Own${at}`] = "u32";
    }
    if (isNumber) params[name] = "f32";
  }
  for (const [, name] of loss.wgsl.matchAll(/\bparams\.(\w+)/g)) params[name as string] = "f32";
  return params;
}

/** Functions beyond math.wgsl that a hook calls. Each is spelled out: a build must see that its name is looked for. */
export function librariesOf(hook: string): string[] {
  const isWide = /\b(expWide|expm1Wide|expm1Less)\b/.test(hook);
  const isLogistic = /\blogistic\(/.test(hook);
  const isMath = /\b(expGuarded|expm1|softplus|sigmoid)\(/.test(hook);
  return [
    ...(isMath || isWide || isLogistic ? [hookMath] : []),
    ...(/\b(logSafe|log1pSafe)\b/.test(hook) ? [expLog] : []),
    ...(isLogistic ? [logistic] : []),
    ...(isWide ? [exponential] : []),
  ];
}

/** The kernel of one pass over an element-wise loss. */
export function elementwiseKernel(
  loss: ElementwiseLoss,
  variant: Variant,
  lanes: number,
  choices: Choices,
  more: Constants = {},
): Kernel {
  const { kernel, slots, segmented, folded } = variant;
  const params = paramsOf(loss, variant);
  const head = [math, toHalves, sum, tree, declarations(variant), factorsText(variant)];
  if (kernel === "tally") {
    const constants = { LANES: lanes, FOLDED: folded, ...more };
    return { label: "tally", parts: [...head, foldText(variant), tally], constants, params };
  }
  const wanted = slots.filter(({ gradient }) => gradient !== undefined);
  const own =
    kernel === "stream" ? [keepersText(variant), stream] : [placeOf(wanted[0] as Slot), stretched];
  return {
    label: loss.name,
    parts: [
      ...head,
      gradientFactorsText(variant),
      operandsText(slots),
      elementwise,
      ...librariesOf(loss.wgsl),
      loss.wgsl,
      ...own,
    ],
    constants: {
      LANES: lanes,
      GRADIENT: wanted.length > 0,
      FOLDED: folded,
      LIMITS: slots.reduce(
        (bits, { name }, at) => (loss.limits?.includes(name) ? bits | (1 << at) : bits),
        0,
      ),
      ZERO_AT_NAN: loss.atNaN === "zero",
      ...(kernel === "stream"
        ? {
            SEGMENTED: segmented,
            PAIRED: wanted.some(
              ({ gradient, storage }) => gradient === "inPlace" && isHalf(storage),
            ),
          }
        : { SLOPE: wanted[0]?.slope ?? 0 }),
      ...hookConstants(loss, slots, choices),
      ...more,
    },
    params,
  };
}

/** The kernel that adds up the partial sums of a stretched input's gradient. */
export const gatherKernel = (lanes: number): Kernel => ({
  label: "gather",
  parts: [math, sum, gather],
  constants: { LANES: lanes },
  params: { gridWidth: "u32", outputs: "u32", planes: "u32" },
});
