// Cross-entropy, what every pass knows about a row: who it is, where its logits lie, and in which
// unit they are compared. LANES invocations share a row, ROWS rows share a workgroup; both are
// powers of two. With STRIDED the classes of a row lie `inner` elements apart (images). With SPLIT
// a workgroup has one part of a row, of `parts`.

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
  return Row(index, originOf(place), info.label, step, lane, 0u, true, info.label < OUT_OF_RANGE,
    info.valueFactor, factor, temperature, nats, LOG2E * nats);
}

fn partsOfRow() -> u32 {
  return select(1u, params.parts, SPLIT);
}

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
  row.exists = place < params.rows;
  row.counts &= row.exists;
  return row;
}

// What no tile covers is dealt out, one slot a lane, to all lanes of all parts.
fn slotLane(row: Row) -> u32 {
  return row.part * LANES + row.lane;
}

fn slotLanes() -> u32 {
  return LANES * partsOfRow();
}

// How many of so many slots are this lane's.
fn turnsOf(row: Row, slots: u32) -> u32 {
  return (slots + slotLanes() - 1u - slotLane(row)) / slotLanes();
}

fn originOf(place: u32) -> u32 {
  var origin = params.logitsStart;
  if (STRIDED) {
    let pixel = params.pixelStart + place;
    let image = pixel / params.inner;
    origin += image * params.inner * params.classes + pixel % params.inner;
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

// Logits are compared in units: the capped logit, or the raw one, whose temperature then costs
// nothing, because exp((x - base) / temperature) = exp2((x - base) * scale).
fn unitOf(row: Row, logit: f32) -> f32 {
  var unit = logit;
  if (SOFTCAPPED) {
    unit = params.softcap * tanhSafe(logit / (row.temperature * params.softcap));
  }
  return unit;
}

fn unitsOf(row: Row, logit: vec4f) -> vec4f {
  var units = logit;
  if (SOFTCAPPED) {
    units = vec4f(unitOf(row, logit.x), unitOf(row, logit.y), unitOf(row, logit.z), unitOf(row, logit.w));
  }
  return units;
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
