import type { DType } from "../dtype.js";

// The shaders of the element-wise family are files; what stands here is what differs with the inputs of
// a loss: one binding, one reader and one store for each, named as the caller names them.

/** One argument of the hook: a tensor, one number, or nothing at all. */
export interface Slot {
  readonly name: string;
  /** Storage on the device; undefined where it is no tensor. */
  readonly storage: DType | undefined;
  readonly isNumber: boolean;
  /** Pairs of axes that it is stretched over; 0 where it has the losses' shape. */
  readonly pairs: number;
  /** Its slope's place among the slopes; undefined where no gradient flows to it. */
  readonly slope: number | undefined;
  /** Where its gradient goes in this pass. */
  readonly gradient: "new" | "inPlace" | undefined;
}

/** A factor per element, or one for all: mask, sampleWeight or upstream. */
export interface Factor {
  readonly storage: DType;
  readonly single: boolean;
}

/** All that decides the text of a kernel. */
export interface Variant {
  readonly kernel: "stream" | "stretched" | "tally";
  readonly slots: readonly Slot[];
  readonly factors: Readonly<Record<string, Factor>>;
  /** mask × sampleWeight lie in one buffer. */
  readonly folded: boolean;
  /** Denominators lie in a buffer, one per segment. */
  readonly settled: boolean;
  readonly segmented: boolean;
  /** The losses themselves are kept. */
  readonly keepsLosses: boolean;
  /** Their sums are. */
  readonly valued: boolean;
}

const axes = ["x", "y", "z", "w"] as const;

export const isHalf = (storage: DType | undefined): boolean =>
  storage === "f16" || storage === "bf16";

const half = (name: string): string => `(${name}[at >> 1u] >> ((at & 1u) << 4u)) & 0xffffu`;

/** Element `at` of an array of words, as the bits of an f32. */
const decoders: Readonly<Partial<Record<DType, (name: string) => string>>> = {
  f32: (name) => `${name}[at]`,
  f16: (name) => `f16ToBits(${half(name)})`,
  bf16: (name) => `bf16ToBits(${half(name)})`,
  i32: (name) => `bitcast<u32>(f32(bitcast<i32>(${name}[at])))`,
  u32: (name) => `bitcast<u32>(f32(${name}[at]))`,
  i64: (name) => `wideToBits(${name}[2u * at], ${name}[2u * at + 1u])`,
};

/** `fn nameBits(i) -> u32`: the number at element i. */
function reader(name: string, storage: DType, index: string): string {
  const decode = decoders[storage] as (name: string) => string;
  return `fn ${name}Bits(i: u32) -> u32 {
  let at = params.${name}Start + ${index};
  return ${decode(name)};
}`;
}

const walk = (
  digits: string,
  extent: string,
): string => `  index += (${digits} % ${extent}) * stride;
  ${digits} /= ${extent};
  stride *= ${extent};`;

const perPair = (pairs: number, text: (at: number) => string): string =>
  Array.from({ length: pairs }, (_, at) => text(at)).join("\n");

/** From an element of the losses to the number that a stretched input has there. */
const sourceOf = (name: string, pairs: number): string => `fn ${name}Source(element: u32) -> u32 {
  var rest = element;
  var index = 0u;
  var stride = 1u;
${perPair(pairs, (at) => `  rest /= params.${name}Repeat${at};\n${walk("rest", `params.${name}Own${at}`)}`)}
  return index;
}`;

/** The other way: from a number of a stretched input, and which of its repeats, to an element of the losses. */
export const placeOf = ({
  name,
  pairs,
}: Slot): string => `fn placeOf(output: u32, position: u32) -> u32 {
  var own = output;
  var repeat = position;
  var index = 0u;
  var stride = 1u;
${perPair(pairs, (at) => `${walk("repeat", `params.${name}Repeat${at}`)}\n${walk("own", `params.${name}Own${at}`)}`)}
  return index;
}`;

/** Readers of all tensors, and how the hook is called with them. */
export function operandsText(slots: readonly Slot[]): string {
  const texts: string[] = [];
  const bits = ["0u", "0u", "0u", "0u"];
  for (const [place, { name, storage, isNumber, pairs }] of slots.entries()) {
    if (isNumber) bits[place] = `bitcast<u32>(params.${name})`;
    if (!storage) continue;
    bits[place] = `${name}Bits(i)`;
    if (pairs > 0) texts.push(sourceOf(name, pairs));
    texts.push(reader(name, storage, pairs > 0 ? `${name}Source(params.first + i)` : "i"));
  }
  const slopes = slots.filter(({ slope }) => slope !== undefined).length;
  const args = slots.map((_, place) => `x.${axes[place]}`).join(", ");
  const four = `${slopes === 1 ? "dual.slope" : "dual.slopes"}${", 0.0".repeat(4 - slopes)}`;
  texts.push(`fn operandsAt(i: u32) -> vec4u {
  return vec4u(${bits.join(", ")});
}
fn answerOf(x: vec4f) -> Answer {
  let dual = loss(${args});
  return Answer(dual.value, vec4f(${four}));
}`);
  return texts.join("\n");
}

/** Readers of mask and weight; what is not there is 1. */
export function factorsText({ kernel, factors, folded }: Variant): string {
  const texts = Object.entries(factors).map(([name, { storage, single }]) =>
    reader(name, storage, single ? "0u" : "i"),
  );
  const floatOf = (name: string, otherwise: string): string =>
    factors[name] ? `bitcast<f32>(${name}Bits(i))` : otherwise;
  const readsFolded = folded && kernel !== "tally";
  const mask = factors.mask ? "maskBits(i)" : "0x3f800000u";
  texts.push(`fn maskOf(i: u32) -> u32 {
  return ${readsFolded ? "folded[params.foldedStart + i]" : mask};
}
fn weightOf(i: u32) -> f32 {
  return ${floatOf("sampleWeight", "1.0")};
}`);
  return texts.join("\n");
}

/** What a gradient is multiplied by: upstream, and 1 / denominator, which is 0 where there is nothing to divide by. */
export function gradientFactorsText({ factors, settled, segmented }: Variant): string {
  const upstream = factors.upstream ? "bitcast<f32>(upstreamBits(i))" : "params.upstream";
  const segment = segmented ? "(params.first + i) / params.segmentLength" : "0u";
  const share = settled
    ? `return totals[params.totalsStart + ${segment}];`
    : `if (params.denominator == 0.0) {
    return 0.0;
  }
  return 1.0 / params.denominator;`;
  return `fn upstreamOf(i: u32) -> f32 {
  return ${upstream};
}
fn shareOf(i: u32) -> f32 {
  ${share}
}`;
}

/** Stores of what the pass over all elements keeps: losses, their sums, gradients beside the inputs or over them. */
export function keepersText({ slots, keepsLosses, valued }: Variant): string {
  const axisOf = ({ slope = 0 }: Slot): string => axes[slope] as string;
  const kept = slots.filter(({ gradient }) => gradient !== undefined);
  const paired = kept.filter(({ gradient, storage }) => gradient === "inPlace" && isHalf(storage));
  const stores = kept
    .filter((slot) => !paired.includes(slot))
    .map((slot) => {
      const name = slot.gradient === "new" ? `${slot.name}Gradient` : slot.name;
      return `  ${name}[params.${name}Start + i] = element.gradients.${axisOf(slot)};\n`;
    });
  if (keepsLosses) stores.push("  losses[params.lossesStart + i] = element.value;\n");
  const words = paired.map((slot) => {
    const { name, storage } = slot;
    const encode = storage === "f16" ? "bitsToF16" : "bitsToBf16";
    const gradient = `gradients.${axisOf(slot)}`;
    return `  let ${name}At = (params.${name}Start >> 1u) + unit;
  var ${name}Word = ${name}[${name}At];
  if (has.x) {
    ${name}Word = (${name}Word & 0xffff0000u) | ${encode}(low.${gradient});
  }
  if (has.y) {
    ${name}Word = (${name}Word & 0xffffu) | (${encode}(high.${gradient}) << 16u);
  }
  ${name}[${name}At] = ${name}Word;
`;
  });
  const sums = `  let word = block * 4u;
  sums[word] = bitcast<u32>(sum.value);
  sums[word + 1u] = sum.flags;
  sums[word + 2u] = sum.nonFinite;
  sums[word + 3u] = sum.count;
`;
  return `fn oddness() -> u32 {
  return ${paired[0] ? `params.${paired[0].name}Start & 1u` : "0u"};
}
fn keep(i: u32, element: Element) {
${stores.join("")}}
fn keepWord(unit: u32, has: vec2<bool>, low: Element, high: Element) {
${words.join("")}}
fn keepSum(block: u32, sum: Sum) {
${valued ? sums : ""}}`;
}

/** The store of mask × weight, where they are folded into one. */
export const foldText = ({ folded }: Variant): string => `fn keepFolded(i: u32, bits: u32) {
${folded ? "  folded[params.foldedStart + i] = bits;\n" : ""}}`;
