// cross-entropy: gradient
const LANES = 1u;
const ROWS = 64u;
const SPLIT = false;
const SUBGROUPS = false;
const STORAGE = 0u;
const WEIGHTED = false;
const SMOOTHED = false;
const SOFTCAPPED = false;
const ZLOSS = false;
const STATS = 0u;
const TEMPERATURE_TENSOR = false;
const BITWISE = false;
const STRIDED = true;
const MASKED = false;
const IN_STEP = false;
struct Params {
  rows: u32,
  classes: u32,
  rowStart: u32,
  chunkStart: u32,
  pixelStart: u32,
  parts: u32,
  logitsStart: u32,
  statsStart: u32,
  gradientStart: u32,
  rowStride: u32,
  gridWidth: u32,
  totalRows: u32,
  segmentLength: u32,
  segments: u32,
  inner: u32,
  classWeightsStart: u32,
  targetsStart: u32,
  targetsGradientStart: u32,
  labelSmoothing: f32,
  temperature: f32,
  softcap: f32,
  zLoss: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
// Numbers, bit by bit and function by function. WGSL promises little about NaN, infinity and
// subnormals, and its log and tanh lose digits just where a loss needs them; so special values are
// recognised on raw bits, and what is stated here was measured against float64 (error in ulp of the
// result unless it says absolute).

const LOWEST: f32 = -3.4028234e38;
const LOG2E: f32 = 1.442695041;
const NAN_BITS: u32 = 0x7fc00000u;
const INFINITY_BITS: u32 = 0x7f800000u;
const MINUS_INFINITY_BITS: u32 = 0xff800000u;

// Tint gives a 64-bit counter of trips to every loop but one that steps by 1 to a constant.
const ENDLESS: u32 = 0xffffffffu;

// `x != x` is false for NaN on three of four stacks: only the bits tell.
fn isNanBits(bits: u32) -> bool {
  return (bits & 0x7fffffffu) > INFINITY_BITS;
}

fn isFiniteBits(bits: u32) -> bool {
  return (bits & 0x7fffffffu) < INFINITY_BITS;
}

// log(1 + x) for x >= 0. log alone is only 2^-21 absolute near 1: no digit is left of log1p(1e-7).
fn log1p(x: f32) -> f32 {
  let s = x / (2.0 + x);
  let q = s * s;
  let series = 2.0 * s * (1.0 + q * (0.33333334 + q * (0.2 + q * (0.14285715 + q * 0.11111111))));
  return select(log(1.0 + x), series, x < 0.5);
}

// The builtin may be off by 1e-5 and is NaN at 100 on SwiftShader. Polynomial near 0: Cephes tanhf.
fn tanhSafe(x: f32) -> f32 {
  let a = abs(x);
  let q = x * x;
  let t = exp(-2.0 * min(a, 20.0));
  let far = (1.0 - t) / (1.0 + t);
  let near = x + x * q * (-0.33333282 + q * (0.13331442 + q * (-0.053739716
    + q * (0.020639089 + q * -0.0057049887))));
  return select(select(far, -far, x < 0.0), near, a < 0.625);
}

// f16 bits (low half of `half`) to f32 bits. Integers only: unpack2x16float may flush subnormals.
fn f16ToBits(half: u32) -> u32 {
  let magnitude = half & 0x7fffu;
  let tiny = bitcast<u32>(f32(magnitude) * 5.9604645e-8);
  let bits = (magnitude << 13u) + select(0x38000000u, 0x70000000u, magnitude >= 0x7c00u);
  return ((half & 0x8000u) << 16u) | select(bits, tiny, magnitude < 0x400u);
}

// bf16 is the upper half of an f32.
fn bf16ToBits(half: u32) -> u32 {
  return half << 16u;
}

// Cross-entropy, what every pass knows about a row: who it is, where its logits lie, and in which
// unit they are compared. LANES invocations share a row, ROWS rows share a workgroup; both are
// powers of two. With STRIDED the classes of a row lie `inner` elements apart (images).

struct RowInfo { label: u32, valueFactor: f32, gradientFactor: f32 }

@group(0) @binding(2) var<storage, read> rowInfo: array<RowInfo>;  // (rows of a chunk)
@group(0) @binding(3) var<storage, read> totals: array<f32>;  // (segments, 2 more)

const THREADS: u32 = LANES * ROWS;
const QUAD: u32 = 4u * LANES;  // classes that the lanes of a row take four by four
const TILE: u32 = 4u * QUAD;  // and in one trip
struct Tile { a: vec4f, b: vec4f, c: vec4f, d: vec4f }  // the logits of one lane and trip
const NONE: u32 = 0xffffffffu;
const OUT_OF_RANGE: u32 = 0xfffffffeu;  // as a label; NONE is a row to skip

struct Row {
  index: u32,  // in this chunk's part of rowInfo and of each plane of stats
  origin: u32,  // element index of the first logit in the bound range
  label: u32,
  step: u32,  // elements from a class to the next
  lane: u32,
  part: u32,
  head: u32,  // classes before the first tile
  tiles: u32,  // whole ones, of all lanes and parts
  slot: u32,  // what no tile covers is dealt out to all lanes of all parts: the first of this lane
  slots: u32,  // and how far it is to its next
  exists: bool,
  counts: bool,
  valueFactor: f32,
  gradientFactor: f32,
  temperature: f32,
  nats: f32,  // nats in a unit
  scale: f32,  // powers of two in a unit
}

fn rowAt(place: u32, lane: u32) -> Row {
  let index = params.rowStart + place;
  let info = rowInfo[index];
  let factor = info.gradientFactor * totals[(params.chunkStart + index) / params.segmentLength];
  // Behind the segments' factors lie the temperature and the sum of the class weights.
  var temperature = params.temperature;
  if (TEMPERATURE_TENSOR) {
    temperature = totals[params.segments];
  }
  let nats = select(1.0 / temperature, 1.0, SOFTCAPPED);
  let step = select(1u, params.inner, STRIDED);
  return Row(index, originOf(place), info.label, step, lane, 0u, 0u, 0u, 0u, 0u, true, info.label < OUT_OF_RANGE,
    info.valueFactor, factor, temperature, nats, LOG2E * nats);
}

fn originOf(place: u32) -> u32 {
  var origin = params.logitsStart;
  if (STRIDED) {
    let pixel = params.pixelStart + place;
    origin += pixel + pixel / params.inner * params.inner * (params.classes - 1u);
  } else {
    origin += place * params.rowStride;
  }
  return origin;
}

fn elementOf(row: Row, k: u32) -> u32 {
  return row.origin + k * row.step;
}

fn bitsAt(row: Row, k: u32) -> u32 {
  return bitsOfElement(elementOf(row, k));
}

fn bitsOfElement(element: u32) -> u32 {
  var bits: u32;
  if (STORAGE == 0u) {
    bits = logits[element];
  } else {
    bits = (logits[element / 2u] >> (element % 2u * 16u)) & 0xffffu;
    if (STORAGE == 1u) {
      bits = f16ToBits(bits);
    } else {
      bits = bf16ToBits(bits);
    }
  }
  return bits;
}

fn exponentials(row: Row, x: vec4f, base: f32) -> vec4f {
  return exp2((x - base) * row.scale);
}

// The same for any two finite numbers: halves, as 3e38 - -3e38 is no number.
fn decay(row: Row, x: f32, base: f32) -> f32 {
  let gap = (0.5 * x - 0.5 * base) * row.nats;
  return select(0.0, exp2(2.0 * LOG2E * max(gap, -44.0)), gap > -43.6);
}

// From these bits on a logit needs care: infinite, NaN, or so large that a difference of two, or its
// quotient by a small temperature, would overflow.
fn carefulBits(row: Row) -> u32 {
  return bitcast<u32>(5e37 * min(1.0, row.temperature));
}

// Cross-entropy without a soft cap. Logits are compared in units: the raw ones, whose temperature then costs
// nothing, because exp((x - base) / temperature) = exp2((x - base) * scale).

fn unitsOf(row: Row, logit: vec4f) -> vec4f {
  return logit;
}

// How much of a logit's movement the soft cap lets through.
fn slackOf(unit: vec4f) -> vec4f {
  return vec4f(1.0);
}

// `lost` means minus infinity: probability exactly 0.
struct Element { unit: f32, flags: u32, lost: bool }

fn elementOfBits(row: Row, bits: u32) -> Element {
  let magnitude = bits & 0x7fffffffu;
  let unit = bitcast<f32>(select(0u, bits, magnitude < INFINITY_BITS));
  let isLost = bits == MINUS_INFINITY_BITS;
  let infinite = select(0u, HAS_INFINITY, bits == INFINITY_BITS);
  return Element(unit, select(infinite, SAW_NAN, magnitude > INFINITY_BITS), isLost);
}

// Cross-entropy, what is known of a part of a row, and how two parts become one. Exponents are
// measured from a base near the largest logit, so that nothing overflows and nothing that counts
// vanishes. The label's own term is left out: log1p(rest / own) stays exact for confident rows.

struct Sums {
  base: f32,  // at most 3 nats below the largest unit
  rest: f32,  // sum of exp(x - base) but for the label
  dust: f32,  // what of that comes in portions below DUST
  heat: f32,  // sum of exp(x - base) (base - x) / 2, likewise, for the entropy
  mix: f32,  // sum of coefficients (smoothed or soft targets)
  pull: f32,  // sum of coefficient (base - x) / 2
  flags: u32,
}

// Next to one dominant term each of many small ones would be rounded away: 1e-6 of the sum was lost.
const DUST: f32 = 0.015625;

const SAW_NAN: u32 = 1u;  // a logit of NaN
const HAS_INFINITY: u32 = 2u;  // a logit of +infinity
const CAREFUL: u32 = 4u;  // some logit is no ordinary number
const BEATEN: u32 = 8u;  // some class comes before the label in argmax
const ABOVE: u32 = 16u;  // a coefficient times an infinite loss: +infinity
const BELOW: u32 = 32u;  // the same with a negative weight
const SOME: u32 = 64u;  // there is a finite logit
const HAS_NAN: u32 = 128u;  // loss and gradient are NaN

fn nothing() -> Sums {
  return Sums(LOWEST, 0.0, 0.0, 0.0, 0.0, 0.0, 0u);
}

fn rebased(row: Row, sums: Sums, base: f32) -> Sums {
  let fade = decay(row, sums.base, base);
  let gap = 0.5 * base - 0.5 * sums.base;
  var next = sums;
  next.base = base;
  next.rest *= fade;
  next.dust *= fade;
  if ((STATS & 4u) != 0u) {
    // What has faded first: a gap of 1e38 times the sum before would be no number.
    next.heat = sums.heat * fade + gap * (next.rest + next.dust);
  }
  if (MIXED) {
    next.pull += sums.mix * gap;
  }
  return next;
}

fn added(a: Sums, b: Sums) -> Sums {
  return Sums(a.base, a.rest + b.rest, a.dust + b.dust, a.heat + b.heat, a.mix + b.mix,
    a.pull + b.pull, a.flags | b.flags);
}

fn joined(row: Row, a: Sums, b: Sums) -> Sums {
  let base = max(a.base, b.base);
  return added(rebased(row, a, base), rebased(row, b, base));
}

// What a coefficient adds to the loss where the class is impossible; 0 log 0 is 0.
fn lossOfImpossible(coefficient: f32) -> u32 {
  return select(select(0u, BELOW, coefficient < 0.0), ABOVE, coefficient > 0.0);
}

// What a whole row comes to.
struct Outcome {
  base: f32,
  term: f32,  // the label's own
  rest: f32,
  whole: f32,
  logSum: f32,  // log of the whole
  heat: f32,
  pull: f32,
  mix: f32,
  own: f32,  // weight of the label
  label: Element,
  flags: u32,
}

fn outcomeOf(row: Row, sums: Sums, label: Element) -> Outcome {
  let term = select(0.0, decay(row, label.unit, sums.base), INDEXED & !label.lost);
  let heat = sums.heat + term * (0.5 * sums.base - 0.5 * label.unit);
  let rest = sums.rest + sums.dust;
  // The greatest comes last: each rounding of the whole is one of every probability.
  let whole = max(max(sums.rest, term) + (min(sums.rest, term) + sums.dust), 1e-30);
  let broken = (sums.flags & (SOME | SAW_NAN | HAS_INFINITY)) != SOME;
  return Outcome(sums.base, term, rest, whole, log(whole), heat, sums.pull, mixOf(sums),
    ownOf(row), label, sums.flags | select(0u, HAS_NAN, broken));
}

// Cross-entropy, one logit looked at with care: NaN, infinities and numbers near the end of f32 are
// told apart on their bits, because arithmetic on them is not defined in WGSL.

fn withElement(row: Row, before: Sums, k: u32, labelBits: u32) -> Sums {
  let bits = bitsAt(row, k);
  let element = elementOfBits(row, bits);
  let ordinary = (element.flags == 0u) & !element.lost;
  var sums = before;
  // The base follows in steps: following at once costs a rounded product for every new maximum,
  // 2.9e-5 on a row in ascending order.
  let far = (0.5 * element.unit - 0.5 * sums.base) * row.nats > 1.0;
  if (ordinary & far) {
    sums = rebased(row, sums, element.unit);
  }
  let e = select(0.0, decay(row, element.unit, sums.base), ordinary & !(INDEXED & (k == row.label)));
  let gap = select(0.0, 0.5 * sums.base - 0.5 * element.unit, ordinary);
  sums.rest += select(0.0, e, e > DUST);
  sums.dust += select(e, 0.0, e > DUST);
  if ((STATS & 4u) != 0u) {
    sums.heat += e * gap;
  }
  sums.flags |= select(element.flags, SOME, ordinary);
  if (MIXED) {
    let q = coefficientAt(row, k);
    sums.mix += q;
    sums.pull += q * gap;
    sums.flags |= select(HAS_NAN, select(0u, lossOfImpossible(q), element.lost), isFinite(q));
  }
  if ((STATS & 8u) != 0u) {
    let rank = rankOf(bits);
    let goal = rankOf(labelBits);
    sums.flags |= select(0u, BEATEN, (rank > goal) | ((rank == goal) & (k < row.label)));
  }
  return sums;
}

fn isFinite(x: f32) -> bool {
  return isFiniteBits(bitcast<u32>(x));
}

// Orders like the logits themselves, infinities included; a NaN row is excluded by its flag.
fn rankOf(bits: u32) -> u32 {
  let folded = select(bits, 0u, bits == 0x80000000u);
  return select(folded | 0x80000000u, ~folded, folded >= 0x80000000u);
}

// Cross-entropy, index targets: q = (1 - labelSmoothing) w[label] on the label, and, when smoothed,
// labelSmoothing / classes * w[k] on every class. `own` is the first, `mix` the sum of the second.

@group(0) @binding(4) var<storage, read> classWeights: array<f32>;  // (classes)

const INDEXED: bool = true;
const MIXED: bool = SMOOTHED;

fn coefficientsAt(row: Row, k: vec4u) -> vec4f {
  var weights = vec4f(1.0);
  if (WEIGHTED) {
    let at = params.classWeightsStart + k;
    weights = vec4f(classWeights[at.x], classWeights[at.y], classWeights[at.z], classWeights[at.w]);
  }
  return weights;
}

fn coefficientAt(row: Row, k: u32) -> f32 {
  var weight = 1.0;
  if (WEIGHTED) {
    weight = classWeights[params.classWeightsStart + k];
  }
  return weight;
}

fn ownOf(row: Row) -> f32 {
  let sharp = select(1.0, 1.0 - params.labelSmoothing, SMOOTHED);
  return sharp * coefficientAt(row, row.label);
}

fn mixScale() -> f32 {
  return params.labelSmoothing / f32(params.classes);
}

fn mixOf(sums: Sums) -> f32 {
  var mix = select(0.0, params.labelSmoothing, SMOOTHED);
  if (WEIGHTED && SMOOTHED) {
    mix = mixScale() * totals[params.segments + 1u];
  }
  return mix;
}

// Cross-entropy, what a row reports: its value and the requested outputs, as bits. In nats:
//   loss = own (base - x[label] + log s) + (sum of q (base - x) + mix log s) + zLoss lse^2
// Never (base + log s) - x[label]: with logits near 1e4 that is wrong by 4.5e-4, this by 3.3e-7.

@group(0) @binding(5) var<storage, read_write> stats: array<u32>;  // (1 + outputs, totalRows)

// A row without a loss reports zeros, or NaN as its value where the label is no class.
fn report(row: Row, plane: u32, bits: u32) {
  let blank = select(0u, NAN_BITS, (plane == 0u) & (row.label == OUT_OF_RANGE));
  let isLoss = row.label < OUT_OF_RANGE;
  stats[params.statsStart + plane * params.totalRows + row.index] = select(blank, bits, isLoss);
}

// Infinity and NaN are carried by flags and written as bits: WGSL arithmetic may lose both.
fn bitsOf(value: f32, flags: u32) -> u32 {
  let both = (flags & (ABOVE | BELOW)) == (ABOVE | BELOW);
  var bits = bitcast<u32>(value);
  bits = select(bits, MINUS_INFINITY_BITS, (flags & BELOW) != 0u);
  bits = select(bits, INFINITY_BITS, (flags & ABOVE) != 0u);
  return select(bits, NAN_BITS, both | ((flags & HAS_NAN) != 0u));
}

fn timesFactor(flags: u32, factor: f32) -> u32 {
  let ends = flags & (ABOVE | BELOW);
  let swapped = ((ends & ABOVE) << 1u) | ((ends & BELOW) >> 1u);
  let kept = select(ends, swapped, factor < 0.0);
  return (flags & HAS_NAN) | select(kept, HAS_NAN, (factor == 0.0) & (ends != 0u));
}

// Is the distance between two units, halved, more nats than f32 can hold?
fn isBeyond(row: Row, halfDistance: f32) -> bool {
  return abs(halfDistance) > 1.7e38 * min(1.0 / row.nats, 1.99);
}

fn reportRow(row: Row, end: Outcome) {
  let halfFall = 0.5 * end.base - 0.5 * end.label.unit;
  let impossible = end.label.lost | isBeyond(row, halfFall);
  let fall = 2.0 * select(halfFall, 0.0, impossible) * row.nats;
  // One plus a little: there the logarithm of the whole has lost what the rest still knows.
  let sure = end.term > end.rest;
  let labelLoss = select(fall + end.logSum, log1p(end.rest / max(end.term, 1e-30)), sure);
  let far = isBeyond(row, 0.5 * end.base);
  let lse = select(end.base, 0.0, far) * row.nats + end.logSum;

  var loss = end.own * labelLoss;
  let broken = end.flags & HAS_NAN;
  var flags = end.flags & (HAS_NAN | ABOVE | BELOW);
  if (INDEXED) {
    flags |= select(0u, lossOfImpossible(end.own), impossible);
  }
  if (MIXED) {
    loss += 2.0 * end.pull * row.nats * mixScale() + end.mix * end.logSum;
  }
  if (ZLOSS) {
    let overflows = far | (abs(lse) * sqrt(params.zLoss) > 1.8e19);
    flags |= select(0u, ABOVE, overflows);
    loss += params.zLoss * select(lse * lse, 0.0, overflows);
  }
  report(row, 0u, bitsOf(row.valueFactor * loss, timesFactor(flags, row.valueFactor)));

  var plane = 1u;
  if ((STATS & 1u) != 0u) {
    let empty = (end.flags & SOME) == 0u;
    let above = (far & (end.base > 0.0)) | ((end.flags & HAS_INFINITY) != 0u);
    let ends = select(select(0u, BELOW, far | empty), ABOVE, above);
    let lost = select(0u, HAS_NAN, (end.flags & SAW_NAN) != 0u);
    report(row, plane, bitsOf(lse, ends | lost));
    plane++;
  }
  if ((STATS & 2u) != 0u) {
    report(row, plane, bitsOf(-labelLoss, broken | select(0u, BELOW, impossible)));
    plane++;
  }
  if ((STATS & 4u) != 0u) {
    report(row, plane, bitsOf(end.logSum + 2.0 * end.heat * row.nats / end.whole, broken));
    plane++;
  }
  if ((STATS & 8u) != 0u) {
    let correct = (end.flags & (BEATEN | SAW_NAN)) == 0u;
    report(row, plane, select(0u, 0x3f800000u, correct));
  }
}

// Cross-entropy of few classes: a lane takes four rows, neighbours, each component of a vector one of them. A
// trip costs a software adapter about 100 cycles whatever is in it, which a row of ten classes alone would
// spend on counting.

const FOURTH: u32 = ROWS / 4u;  // lanes of a workgroup
const TRIP: u32 = 3u;  // classes that a trip over the logits takes; the values of seven are too many to keep at hand

// Four rows of one lane.
struct Four {
  index: vec4u,
  origin: vec4u,
  label: vec4u,
  labelBits: vec4u,  // the last class's where there is no label
  valueFactor: vec4f,
  gradientFactor: vec4f,
}

fn firstPlace(group: vec3u, lane: u32) -> u32 {
  return (group.y * params.gridWidth + group.x) * ROWS + 4u * lane;
}

// Where there are no more rows the last is taken again: the same is written twice, by the same lane.
fn fourAt(first: u32) -> Four {
  let place = min(first + vec4u(0u, 1u, 2u, 3u), vec4u(params.rows - 1u));
  let index = params.rowStart + place;
  let a = rowInfo[index.x];
  let b = rowInfo[index.y];
  let c = rowInfo[index.z];
  let d = rowInfo[index.w];
  let origin = originsOf(place);
  let label = vec4u(a.label, b.label, c.label, d.label);
  let known = min(label, vec4u(params.classes - 1u));
  return Four(index, origin, label, bitsOfFour(origin + known * classStep()),
    vec4f(a.valueFactor, b.valueFactor, c.valueFactor, d.valueFactor),
    totalsOf(index) * vec4f(a.gradientFactor, b.gradientFactor, c.gradientFactor, d.gradientFactor));
}

// 1 / denominator of each row's segment.
fn totalsOf(index: vec4u) -> vec4f {
  let at = quotientsOf(params.chunkStart + index, params.segmentLength);
  return vec4f(totals[at.x], totals[at.y], totals[at.z], totals[at.w]);
}

fn originsOf(place: vec4u) -> vec4u {
  if (!STRIDED) {
    return params.logitsStart + place * params.rowStride;
  }
  let pixel = params.pixelStart + place;
  let image = quotientsOf(pixel, params.inner);
  return params.logitsStart + pixel + image * params.inner * (params.classes - 1u);
}

// Four neighbours divided: a software adapter makes four divisions of each, one after the other.
fn quotientsOf(x: vec4u, divisor: u32) -> vec4u {
  let least = x.x / divisor;
  let next = vec4u((least + 1u) * divisor);
  return least + flagged(x >= next, 1u) + flagged(x >= next + divisor, 1u)
    + flagged(x >= next + 2u * divisor, 1u);
}

fn classStep() -> u32 {
  return select(1u, params.inner, STRIDED);
}

fn bitsOfFour(at: vec4u) -> vec4u {
  return vec4u(bitsOfElement(at.x), bitsOfElement(at.y), bitsOfElement(at.z), bitsOfElement(at.w));
}

// The logits of one class, the last one where there are no more.
fn bitsOfClass(four: Four, k: u32) -> vec4u {
  return bitsOfFour(four.origin + min(k, params.classes - 1u) * classStep());
}

// Infinite logits are cut off where a soft cap has long made them equal.
fn unitsOfBits(row: Row, bits: vec4u) -> vec4f {
  let logit = bitcast<vec4f>(bits);
  if (SOFTCAPPED) {
    let most = vec4f(bitcast<f32>(carefulBits(row)));
    return unitsOf(row, clamp(logit, -most, most));
  }
  return logit;
}

fn ranksOf(bits: vec4u) -> vec4u {
  return vec4u(rankOf(bits.x), rankOf(bits.y), rankOf(bits.z), rankOf(bits.w));
}

fn flagged(which: vec4<bool>, flag: u32) -> vec4u {
  return select(vec4u(0u), vec4u(flag), which);
}

// The first of four rows; `known` has what all rows share. Where it lies nobody asks any more.
fn rowOfFirst(known: Row, four: Four) -> Row {
  var row = known;
  row.index = four.index.x;
  row.label = four.label.x;
  row.valueFactor = four.valueFactor.x;
  row.gradientFactor = four.gradientFactor.x;
  return row;
}

// The next row becomes the first: an index that is not constant costs a software adapter more than
// moving everything.
fn turnedFour(four: Four) -> Four {
  return Four(four.index.yzwx, four.origin, four.label.yzwx, four.labelBits.yzwx,
    four.valueFactor.yzwx, four.gradientFactor.yzwx);
}

// Cross-entropy of few classes, what is known of four rows, each logit read once. The base is a logit, and
// follows where a term would be more than twice its own: each time a sum fades by half at least, so that
// roundings do not add up. The label's own term is left out, as in crossEntropySums.wgsl.

struct FourSums {
  base: vec4f,
  rest: vec4f,  // sum of exp(x - base) but for the label
  low: vec4f,  // what that has lost in roundings
  heat: vec4f,  // sum of exp(x - base) (base - x) / 2, likewise, for the entropy
  mix: f32,  // sum of coefficients so far
  pull: vec4f,  // sum of coefficient (base - x) / 2
  height: vec4u,  // the largest magnitude as an integer, in which NaN is the greatest
  flags: vec4u,
}

// NaN leaves its mark on the sum, if no tanh has hidden it; but whether it was infinity only magnitudes tell.
const WATCHED: bool = SOFTCAPPED || (STATS & 9u) != 0u;

fn scanFour(row: Row, four: Four) -> FourSums {
  var sums: FourSums;
  sums.base = vec4f(LOWEST);
  for (var trip = 0u; trip < ENDLESS; trip++) {
    let k = trip * TRIP;
    if (k >= params.classes) {
      break;
    }
    let bitsA = bitsOfClass(four, k);
    let bitsB = bitsOfClass(four, k + 1u);
    let bitsC = bitsOfClass(four, k + 2u);
    let a = unitsOfBits(row, bitsA);
    let b = unitsOfBits(row, bitsB);
    let c = unitsOfBits(row, bitsC);
    sums = raised(row, sums, higher(higher(a, b), c));
    sums = withClass(row, four, sums, bitsA, a, k);
    sums = withClass(row, four, sums, bitsB, b, k + 1u);
    sums = withClass(row, four, sums, bitsC, c, k + 2u);
  }
  let isInfinite = bitcast<vec4u>(sums.base) == vec4u(INFINITY_BITS);
  let isBroken = (bitcast<vec4u>(sums.rest) & vec4u(INFINITY_BITS)) == vec4u(INFINITY_BITS);
  let isNan = (sums.height > vec4u(INFINITY_BITS)) | (isBroken & vec4<bool>(!WATCHED));
  let isSome = (sums.base > vec4f(LOWEST)) | (sums.rest > vec4f(0.5));
  sums.flags |= flagged(isInfinite, HAS_INFINITY) | flagged(isNan, SAW_NAN) | flagged(isSome, SOME);
  sums.base = select(sums.base, vec4f(0.0), isInfinite);
  return sums;
}

// max looks for NaN, at the cost of three comparisons.
fn higher(x: vec4f, y: vec4f) -> vec4f {
  return select(x, y, y > x);
}

fn raised(row: Row, before: FourSums, top: vec4f) -> FourSums {
  var sums = before;
  sums.base = select(before.base, top, (top - before.base) * row.scale > vec4f(1.0));
  let fade = exp2((before.base - sums.base) * row.scale);
  sums.rest *= fade;
  sums.low *= fade;
  // Halves, as in `decay`.
  let gap = 0.5 * sums.base - 0.5 * before.base;
  if ((STATS & 4u) != 0u) {
    sums.heat = sums.heat * fade + gap * (sums.rest + sums.low);
  }
  if (MIXED) {
    sums.pull += sums.mix * gap;
  }
  return sums;
}

fn withClass(row: Row, four: Four, before: FourSums, bits: vec4u, x: vec4f, k: u32) -> FourSums {
  let isBehind = k >= params.classes;
  let isOut = (four.label == vec4u(k)) | vec4<bool>(isBehind);
  let e = select(exp2((x - before.base) * row.scale), vec4f(0.0), isOut);
  var sums = before;
  sums.rest += e;
  // What an addition has rounded away, exactly (Knuth).
  let part = sums.rest - before.rest;
  sums.low += (before.rest - (sums.rest - part)) + (e - part);
  if (WATCHED) {
    sums.height = max(sums.height, bits & vec4u(0x7fffffffu));
  }
  // A class of probability 0 may be infinitely far away.
  let gap = min(0.5 * sums.base - 0.5 * x, vec4f(3.4e38));
  if ((STATS & 4u) != 0u) {
    sums.heat += e * gap;
  }
  if (MIXED) {
    let q = select(coefficientAt(row, k), 0.0, isBehind);
    let lost = (bits == vec4u(MINUS_INFINITY_BITS)) & vec4<bool>(!SOFTCAPPED);
    sums.mix += q;
    sums.pull += q * select(gap, vec4f(0.0), lost);
    sums.flags |= flagged(lost, lossOfImpossible(q));
    sums.flags |= vec4u(select(HAS_NAN, 0u, isFinite(q)));
  }
  if ((STATS & 8u) != 0u) {
    let rank = ranksOf(bits);
    let goal = ranksOf(four.labelBits);
    let ahead = (rank > goal) | ((rank == goal) & (vec4u(k) < four.label));
    sums.flags |= flagged(ahead, BEATEN);
  }
  return sums;
}

// What the first of four rows comes to. Its base is a logit, whose own term is 1.
fn outcomeOfFirst(row: Row, four: Four, sums: FourSums) -> Outcome {
  let label = elementOfBits(row, four.labelBits.x);
  let base = sums.base.x;
  let term = select(exp2((label.unit - base) * row.scale), 0.0, label.lost);
  let rest = sums.rest.x + sums.low.x;
  // The greatest comes last, as in `outcomeOf`.
  let whole = select(sums.rest.x + (term + sums.low.x), term + rest, term > rest);
  let heat = sums.heat.x + term * (0.5 * base - 0.5 * label.unit);
  let flags = sums.flags.x | label.flags | select(SOME, 0u, label.lost);
  let broken = (flags & (SOME | SAW_NAN | HAS_INFINITY)) != SOME;
  return Outcome(base, term, rest, whole, log1p(whole - 1.0), heat, sums.pull.x, mixOf(nothing()),
    ownOf(row), label, flags | select(0u, HAS_NAN, broken));
}

fn turnedSums(sums: FourSums) -> FourSums {
  return FourSums(sums.base.yzwx, sums.rest.yzwx, sums.low.yzwx, sums.heat.yzwx, sums.mix, sums.pull.yzwx,
    sums.height, sums.flags.yzwx);
}

// Cross-entropy, the few numbers that the gradient of a row is made of:
//   gradient[k] = chain ((own + mix + 2 zLoss lse) p[k] - q[k] - own [k = label])
// with chain = upstream * reduction / temperature, times 1 - (x/softcap)^2 where logits are capped.

struct Verdict {
  base: f32,
  push: f32,  // times exp(x - base): what spreads over all classes
  pull: f32,  // times a coefficient: what smoothed or soft targets take away again
  own: f32,  // what the label takes away
  labelSlope: f32,  // the gradient at the label, exact where p - 1 would cancel
  lean: f32,  // sum of the row's gradient: 0 but for the z-loss
  flags: u32,
  kept: u32,  // all bits, or none where the gradient is 0 whatever the logits hold
}

fn verdictOf(row: Row, end: Outcome) -> Verdict {
  let chain = row.gradientFactor / row.temperature;
  let slack = slackOf(vec4f(end.label.unit)).x;
  var spread = 0.0;
  var labelPull = 0.0;
  if (MIXED) {
    spread = end.mix;
    labelPull = mixScale() * coefficientAt(row, row.label);
  }
  var lift = 0.0;
  if (ZLOSS) {
    lift = 2.0 * params.zLoss * (end.base * row.nats + end.logSum);
  }
  spread += lift;
  let p = end.term / end.whole;
  let others = select(1.0 - p, end.rest / end.whole, end.term > end.rest);
  let labelSlope = spread * p - labelPull - end.own * others;
  let push = (end.own + spread) * row.gradientFactor / (end.whole * row.temperature);
  let isZero = (row.gradientFactor == 0.0) | (row.label >= OUT_OF_RANGE);
  return Verdict(end.base, push, chain * mixScale(), chain * end.own * slack, chain * labelSlope * slack, chain * lift,
    end.flags, select(0xffffffffu, 0u, isZero));
}

// Without a soft cap the gradient sums to `lean`, so that logits may be measured from the base: near
// 1e4 the sum of g * x cancels to nothing, the sum of g * (x - base) does not.
fn momentOrigin(verdict: Verdict) -> f32 {
  return select(verdict.base, 0.0, SOFTCAPPED);
}

fn reportTemperature(row: Row, verdict: Verdict, moment: f32) {
  let sum = moment + momentOrigin(verdict) * verdict.lean;
  let broken = select(0u, verdict.flags & HAS_NAN, row.gradientFactor != 0.0);
  let bits = bitsOf(-sum / row.temperature, broken);
  report(row, countOneBits(STATS), select(bits, 0u, row.label >= OUT_OF_RANGE));
}

// Cross-entropy, the gradient in a buffer of its own, f32 whatever the logits are stored in.

@group(0) @binding(1) var<storage, read> logits: array<u32>;  // (rows, classes)
@group(0) @binding(6) var<storage, read_write> gradient: array<u32>;  // (rows, classes)

// Where the gradient of a logit goes.
fn storePlace(element: u32) -> u32 {
  return element + params.gradientStart - params.logitsStart;
}

fn storeBits(at: u32, bits: u32) {
  gradient[at] = bits;
}

// Cross-entropy of few classes, losses and their gradient.

// What the gradients of four rows are made of (crossEntropyVerdict.wgsl).
struct FourVerdicts {
  push: vec4f,
  pull: vec4f,
  labelSlope: vec4f,
  lean: vec4f,
  flags: vec4u,
  kept: vec4u,  // all bits, or none where the gradient is
  filling: vec4u,
}

fn withVerdict(before: FourVerdicts, verdict: Verdict) -> FourVerdicts {
  let lost = select(0u, verdict.kept, (verdict.flags & HAS_NAN) != 0u);
  return FourVerdicts(vec4f(before.push.yzw, verdict.push), vec4f(before.pull.yzw, verdict.pull),
    vec4f(before.labelSlope.yzw, verdict.labelSlope), vec4f(before.lean.yzw, verdict.lean),
    vec4u(before.flags.yzw, verdict.flags),
    vec4u(before.kept.yzw, verdict.kept ^ lost), vec4u(before.filling.yzw, lost & NAN_BITS));
}

@compute @workgroup_size(FOURTH)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = firstPlace(group, lane);
  if (place >= params.rows) {
    return;
  }
  var four = fourAt(place);
  let first = rowAt(place, 0u);
  var sums = scanFour(first, four);
  var verdicts: FourVerdicts;
  for (var left = 4u; left > 0u; left--) {
    let row = rowOfFirst(first, four);
    let end = outcomeOfFirst(row, four, sums);
    reportRow(row, end);
    verdicts = withVerdict(verdicts, verdictOf(row, end));
    sums = turnedSums(sums);
    four = turnedFour(four);
  }
  var moment = gradientOfFour(first, four, verdicts, sums.base);
  if ((STATS & 16u) != 0u) {
    for (var left = 4u; left > 0u; left--) {
      let row = rowOfFirst(first, four);
      let verdict = Verdict(sums.base.x, 0.0, 0.0, 0.0, 0.0, verdicts.lean.x, verdicts.flags.x, 0u);
      reportTemperature(row, verdict, moment.x);
      moment = moment.yzwx;
      verdicts = withVerdict(verdicts, verdict);
      sums = turnedSums(sums);
      four = turnedFour(four);
    }
  }
}

fn gradientOfFour(row: Row, four: Four, verdicts: FourVerdicts, base: vec4f) -> vec4f {
  var moment = vec4f(0.0);
  for (var k = 0u; k < ENDLESS; k++) {
    if (k >= params.classes) {
      break;
    }
    moment += slopesOf(row, four, verdicts, base, k);
  }
  let known = min(four.label, vec4u(params.classes - 1u));
  storeFour(four.origin + known * classStep(), verdicts, verdicts.labelSlope);
  return moment;
}

fn slopesOf(row: Row, four: Four, verdicts: FourVerdicts, base: vec4f, k: u32) -> vec4f {
  let at = four.origin + k * classStep();
  let bits = bitsOfFour(at);
  let x = unitsOfBits(row, bits);
  var g = verdicts.push * exp2((x - base) * row.scale);
  if (MIXED) {
    g -= verdicts.pull * coefficientAt(row, k);
  }
  if (SOFTCAPPED) {
    g *= slackOf(x);
  }
  storeFour(at, verdicts, g);
  var moment = vec4f(0.0);
  if ((STATS & 16u) != 0u) {
    let reach = bitcast<vec4f>(bits) - select(base, vec4f(0.0), vec4<bool>(SOFTCAPPED));
    let finite = (bits & vec4u(0x7fffffffu)) < vec4u(INFINITY_BITS);
    let slope = select(g, verdicts.labelSlope, vec4u(k) == four.label);
    let counts = finite & (verdicts.kept != vec4u(0u));
    moment = select(moment, slope * reach, counts);
  }
  return moment;
}

fn storeFour(at: vec4u, verdicts: FourVerdicts, g: vec4f) {
  let bits = (bitcast<vec4u>(g) & verdicts.kept) | verdicts.filling;
  storeBits(storePlace(at.x), bits.x);
  storeBits(storePlace(at.y), bits.y);
  storeBits(storePlace(at.z), bits.z);
  storeBits(storePlace(at.w), bits.w);
}
