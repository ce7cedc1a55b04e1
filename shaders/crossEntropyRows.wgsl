// Cross-entropy, what every pass knows about a row: who it is, where its logits lie, and in which
// unit they are compared. LANES invocations share a row, ROWS rows share a workgroup; both are
// powers of two. With STRIDED the classes of a row lie `inner` elements apart (images).

struct RowInfo { label: u32, valueFactor: f32, gradientFactor: f32 }

@group(0) @binding(2) var<storage, read> rowInfo: array<RowInfo>;  // (totalRows)
@group(0) @binding(3) var<storage, read> totals: array<f32>;  // (segments, 2 more)

const THREADS: u32 = LANES * ROWS;
const QUADS: u32 = 4u * LANES;  // elements that the lanes of a row take in one trip
const SKIPPED: u32 = 0xffffffffu;
const OUT_OF_RANGE: u32 = 0xfffffffeu;

struct Row {
  index: u32,  // in rowInfo and in each plane of stats
  origin: u32,  // element index of the first logit in the bound range
  label: u32,
  lane: u32,
  valueFactor: f32,
  gradientFactor: f32,
}

fn rowAt(index: u32, lane: u32) -> Row {
  let info = rowInfo[index];
  let place = index - params.rowStart;
  var origin = params.logitsStart + place * params.rowStride;
  if (STRIDED) {
    let image = place / params.inner;
    origin = params.logitsStart + image * params.inner * params.classes + place % params.inner;
  }
  let factor = info.gradientFactor * totals[index / params.segmentLength];
  return Row(index, origin, info.label, lane, info.valueFactor, factor);
}

fn elementOf(row: Row, k: u32) -> u32 {
  return row.origin + select(k, k * params.inner, STRIDED);
}

// Behind the segments' factors, `totals` holds the temperature and the sum of the class weights.
fn temperature() -> f32 {
  if (TEMPERATURE_TENSOR) {
    return totals[params.segments];
  }
  return params.temperature;
}

// Logits are compared in units: the capped logit, or the raw one, whose temperature then costs
// nothing, because exp((x - peak) / temperature) = exp2((x - peak) * unitToExponent()).
fn unitOf(logit: vec4f) -> vec4f {
  if (SOFTCAPPED) {
    let scaled = logit / (temperature() * params.softcap);
    return params.softcap * vec4f(tanhSafe(scaled.x), tanhSafe(scaled.y),
      tanhSafe(scaled.z), tanhSafe(scaled.w));
  }
  return logit;
}

fn unitToNats() -> f32 {
  return select(1.0 / temperature(), 1.0, SOFTCAPPED);
}

fn unitToExponent() -> f32 {
  return LOG2E * unitToNats();
}

// From these bits on a logit needs care: infinite, NaN, or so large that a difference of two, or its
// quotient by a small temperature, would overflow.
fn carefulBits() -> u32 {
  return bitcast<u32>(5e37 * min(1.0, temperature()));
}
