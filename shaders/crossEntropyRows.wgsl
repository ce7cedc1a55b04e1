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
