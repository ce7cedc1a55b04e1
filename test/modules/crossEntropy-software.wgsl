// cross-entropy: losses
const LANES = 4u;
const ROWS = 1u;
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
const STRIDED = false;
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

// Cross-entropy, which row a lane has a share in, and which share. With SPLIT a workgroup has one part of a
// row, of `parts`.

// The row of a thread, or the last one where there is none for it.
fn rowOf(group: vec3u, thread: u32) -> Row {
  var turn = group.y * params.gridWidth + group.x;
  var part = 0u;
  if (SPLIT) {
    part = turn % params.parts;
    turn /= params.parts;
  }
  let place = turn * ROWS + thread / LANES;
  var row = rowAt(min(place, params.rows - 1u), thread & (LANES - 1u));
  row.part = part;
  row.head = headOf(row.origin);
  row.tiles = tilesOf(row);
  row.slot = part * LANES + row.lane;
  row.slots = LANES * select(1u, params.parts, SPLIT);
  row.exists = place < params.rows;
  row.counts &= row.exists;
  return row;
}

// The tiles of this workgroup's part.
fn tileRange(row: Row) -> vec2u {
  var range = vec2u(0u, row.tiles);
  if (SPLIT) {
    range = vec2u(row.part, row.part + 1u) * row.tiles / params.parts;
  }
  return range;
}

// The tile in which this lane meets the label.
fn labelTile(row: Row) -> u32 {
  let home = tileOfClass(row, row.label);
  return select(NONE, home.x, INDEXED & (home.y == row.lane));
}

// The four classes of a lane's quad, of which `at` is the first.
fn classesAt(row: Row, at: u32) -> vec4u {
  return classAt(row, at) + QUAD_CLASSES;
}

// How many of so many slots are this lane's.
fn turnsOf(row: Row, slots: u32) -> u32 {
  return (slots + row.slots - 1u - row.slot) / row.slots;
}

// Cross-entropy, how logits are read WIDTH at once, at addresses that so many divide, whatever the alignment
// of the row (50 257 classes align nowhere). What lies before the first such place and behind the last is read
// one by one.

fn headOf(origin: u32) -> u32 {
  return select(min((0u - origin) & (WIDTH - 1u), params.classes), 0u, IN_STEP);
}

// The last tile may be cut short where what is no class is masked.
fn tilesOf(row: Row) -> u32 {
  return (params.classes - row.head + select(0u, TILE - WIDTH, MASKED)) / TILE;
}

fn classesIn(row: Row, tiles: u32) -> u32 {
  return min(tiles * TILE, (params.classes - row.head) & ~(WIDTH - 1u));
}

// How many classes no tile covers.
fn slotsOf(row: Row, tiles: u32) -> u32 {
  return params.classes - classesIn(row, tiles);
}

// Which they are: the tail, then the head.
fn slotClass(row: Row, tiles: u32, slot: u32) -> u32 {
  let k = row.head + classesIn(row, tiles) + slot;
  return select(k, k - params.classes, k >= params.classes);
}

// The tile and the lane that meet a class. The head is in none; of the tail nobody asks where a tile is cut short.
fn tileOfClass(row: Row, k: u32) -> vec2u {
  let place = k - row.head;
  return vec2u(place / TILE, (place / WIDTH) & (LANES - 1u));
}

// The class of the logit that is the at-th in this lane's tiles.
fn classAt(row: Row, at: u32) -> u32 {
  return row.head + (at & ~(WIDTH - 1u)) * LANES + WIDTH * row.lane + (at & (WIDTH - 1u));
}

// The element where the first tile of this lane begins, and how far the next one is from it.
fn firstTile(row: Row) -> u32 {
  return row.origin + row.head + WIDTH * row.lane;
}

fn tileStep() -> u32 {
  return TILE;
}

// Cross-entropy, f32 logits in tiles: a lane takes 64 bytes at an address that 64 divides. On a software
// adapter the bounds of each index cost as much as an exp: this asks for one index a tile.

@group(0) @binding(11) var<storage, read> logitTiles: array<Tile>;  // (rows, classes / 16), the bytes of logits

const WIDTH: u32 = 16u;
const QUAD_STEP: u32 = 4u;  // from a quad of a tile to the next
const QUAD_CLASSES: vec4u = vec4u(0u, 1u, 2u, 3u);

fn tileAt(row: Row, at: u32) -> Tile {
  return logitTiles[at >> 4u];
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

// Cross-entropy, first pass: what a lane learns from its share of a row in one read.
//   fast:  whole tiles of sixteen, for ordinary numbers: one exp each, one sum and one test a tile
//   slow:  one element at a time, the ends of every row and all of a row that holds anything odd
// SwiftShader runs both sides of every `if`, and the body of every loop at least once, be it for no lane: what is
// rare stands outside of the loop over tiles. Every loop, and every place from where a function is called, is compiled
// anew: elements and tiles share the loop over blocks.

const BLOCK: u32 = 64u;  // elements or tiles summed apart: one running f32 sum drifts by 5e-4 at 262 144
// A tile's sum beyond this has some logit far above the base, which then follows. In steps of 8 nats
// the exponents are so rounded that a gradient is off by 2.4e-7: this is 3 nats.
const LIMIT: f32 = 20.0;
const EXTRAS: bool = MIXED || (STATS & 12u) != 0u;

fn scan(row: Row, label: Element, labelBits: u32) -> Sums {
  let known = (label.flags == 0u) & !label.lost;
  let range = tileRange(row);
  let home = labelTile(row);
  let isHome = !MASKED & (home >= range.x) & (home < range.y);
  let slots = slotsOf(row, row.tiles);
  let turns = turnsOf(row, slots);
  let tail = row.head + params.classes - slots;  // behind the last class in a tile
  let start = firstTile(row);
  let step = tileStep();
  var sums = nothing();
  sums.base = label.unit;
  var base = label.unit;  // from which the next block is measured
  var at = 0u;
  var first = range.x;
  // Short blocks first: it is among the first tiles that the base is most often too low.
  var length = 4u;
  var top = 0u;
  for (var turn = 0u; turn < ENDLESS; turn++) {
    // Element by element come the label's tile, or all of this lane's, and what no tile covers. They
    // come first: what outweighs all others is not measured from a later base then.
    let careful = (sums.flags & CAREFUL) != 0u;
    let own = select(select(0u, 16u, isHome), 16u * (range.y - range.x), careful);
    let begin = 16u * select(home, range.x, careful);
    let count = own + turns;
    let tiles = select(range.y, range.x, careful);
    var part = nothing();
    part.base = base;
    let stop = min(at + BLOCK, count);
    for (var next = at; next < ENDLESS; next++) {
      if (next >= stop) {
        break;
      }
      let slot = slotClass(row, row.tiles, (next - own) * row.slots + row.slot);
      let k = select(slot, classAt(row, begin + next), next < own);
      if (!MASKED | (next >= own) | (k < tail)) {
        part = withElement(row, part, k, labelBits);
      }
    }
    at = stop;

    base = part.base;
    let end = min(first + length, tiles);
    var most = 0.0;
    var rest = 0.0;
    var dust = 0.0;
    var extras = nothing();
    for (var tile = first; tile < ENDLESS; tile++) {
      if (tile >= end) {
        break;
      }
      let logit = tileAt(row, start + tile * step);
      if (BITWISE || SOFTCAPPED) {
        let height = max(max(heights(logit.a), heights(logit.b)), max(heights(logit.c), heights(logit.d)));
        top = max(max(top, max(height.x, height.y)), max(height.z, height.w));
      }
      let a = exponentials(row, unitsOf(row, logit.a), base);
      let b = exponentials(row, unitsOf(row, logit.b), base);
      let c = exponentials(row, unitsOf(row, logit.c), base);
      let d = exponentials(row, unitsOf(row, logit.d), base);
      let ab = a + b;
      let cd = c + d;
      let abRocks = rocks(ab);
      let cdRocks = rocks(cd);
      let counts = MASKED | (tile != home);
      let sum = select(0.0, total(abRocks + cdRocks), counts);
      most = max(most, select(0.0, sum, isFinite(sum)));
      rest += sum;
      dust += select(0.0, total((ab - abRocks) + (cd - cdRocks)), counts);
      if (EXTRAS) {
        if (counts) {
          extras = added(extras, extrasOfTile(row, tile, logit, base, bitcast<f32>(labelBits)));
        }
      }
    }
    if (most > LIMIT) {
      // It comes again. Three bits more, so that few others will.
      base += (log2(most) + 3.0) / row.scale;
    } else {
      if (EXTRAS) {
        part = added(part, extras);
      }
      part.rest += rest;
      part.dust += dust;
      first = end;
      length = min(2u * length, BLOCK);
    }
    sums = added(rebased(row, sums, part.base), part);
    if ((at >= count) & (first >= tiles)) {
      // What is no number, or too far from the base, has left its mark.
      let mass = sums.rest + sums.dust;
      let high = max(bitcast<u32>(abs(sums.base)), top) >= carefulBits(row);
      let odd = !isSound(sums) | high | !(known | (mass > 1e-20));
      if (careful | !odd) {
        break;
      }
      sums = nothing();
      sums.flags = CAREFUL;
      base = LOWEST;
      at = 0u;
      first = range.x;
    }
  }
  // Where its tile has it masked, the label's own oddities are known from here.
  let usual = select(SOME, 0u, (sums.flags & CAREFUL) != 0u);
  sums.flags |= usual | select(0u, label.flags, MASKED);
  return sums;
}

fn isSound(sums: Sums) -> bool {
  var sound = isFinite(sums.rest + sums.dust);
  if (EXTRAS) {
    sound &= isFinite(sums.heat) & isFinite(sums.pull);
  }
  return sound;
}

// Cross-entropy, what a tile of ordinary numbers adds to the sums.

fn rocks(e: vec4f) -> vec4f {
  return select(vec4f(0.0), e, e > vec4f(DUST));
}

fn total(v: vec4f) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
}

// Magnitudes as integers, in which NaN is the greatest. Minus infinity does no harm to a sum of exp.
fn heights(logit: vec4f) -> vec4u {
  let bits = bitcast<vec4u>(logit);
  let harmless = bits == vec4u(select(MINUS_INFINITY_BITS, 0u, MIXED));
  return select(bits & vec4u(0x7fffffffu), vec4u(0u), harmless);
}

// What few ask for.
fn extrasOfTile(row: Row, tile: u32, logit: Tile, base: f32, labelLogit: f32) -> Sums {
  let k = classesAt(row, 16u * tile);
  let ab = added(extrasOfQuad(row, k, logit.a, base, labelLogit),
    extrasOfQuad(row, k + QUAD_STEP, logit.b, base, labelLogit));
  let cd = added(extrasOfQuad(row, k + 2u * QUAD_STEP, logit.c, base, labelLogit),
    extrasOfQuad(row, k + 3u * QUAD_STEP, logit.d, base, labelLogit));
  return added(ab, cd);
}

fn extrasOfQuad(row: Row, k: vec4u, logit: vec4f, base: f32, labelLogit: f32) -> Sums {
  let x = unitsOf(row, logit);
  var extras = nothing();
  extras.base = base;
  if ((STATS & 4u) != 0u) {
    extras.heat = 0.5 * total(exponentials(row, x, base) * (base - x));
  }
  if (MIXED) {
    let q = coefficientsAt(row, k);
    extras.mix = total(q);
    extras.pull = 0.5 * total(q * (base - x));
  }
  if ((STATS & 8u) != 0u) {
    let ahead = select(logit > vec4f(labelLogit), logit >= vec4f(labelLogit), k < vec4u(row.label));
    extras.flags = select(0u, BEATEN, any(ahead));
  }
  return extras;
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

// Cross-entropy, a few lanes of a row joined through workgroup memory, one after the other: same bits in every
// run. A software adapter compiles and runs this sooner than a tree. Every lane of the workgroup must come
// here, rows or no rows.

var<workgroup> lanesSums: array<Sums, THREADS>;
var<workgroup> lanesSum: array<f32, THREADS>;

fn joinedLanes(row: Row, sums: Sums, thread: u32) -> Sums {
  lanesSums[thread] = sums;
  workgroupBarrier();  // without it a lane reads another's slot before it is written
  let first = thread & ~(LANES - 1u);
  var whole = nothing();
  // First the common base, then the sums: one place where they are rebased compiles sooner than two.
  for (var lane = 0u; lane < LANES; lane++) {
    whole.base = max(whole.base, lanesSums[first + lane].base);
  }
  for (var lane = 0u; lane < LANES; lane++) {
    whole = added(whole, rebased(row, lanesSums[first + lane], whole.base));
  }
  return whole;
}

fn joinedSum(x: f32, thread: u32) -> f32 {
  lanesSum[thread] = x;
  workgroupBarrier();
  let first = thread & ~(LANES - 1u);
  var whole = 0.0;
  for (var lane = 0u; lane < LANES; lane++) {
    whole += lanesSum[first + lane];
  }
  return whole;
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

// Cross-entropy, what a row comes to, or this workgroup's part of it: read here and now. Every lane of
// the workgroup must come here, rows or no rows.

struct Found { sums: Sums, label: Element, labelBits: u32 }

fn foundIn(row: Row, thread: u32) -> Found {
  let labelBits = bitsAt(row, select(0u, row.label, row.counts));
  let label = elementOfBits(row, labelBits);
  var sums = nothing();
  if (row.counts) {
    sums = scan(row, label, labelBits);
  }
  return Found(joinedLanes(row, sums, thread), label, labelBits);
}

// Cross-entropy, logits that are only read: the module computes losses, no gradient.

@group(0) @binding(1) var<storage, read> logits: array<u32>;  // (rows, classes)

// Cross-entropy over rows of logits, losses alone: one read, one report a row.

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = rowOf(group, thread);
  let found = foundIn(row, thread);
  if (row.exists & (row.slot == 0u)) {
    reportRow(row, outcomeOf(row, found.sums, found.label));
  }
}
