// Row losses, what a kernel knows about its row: the label, the factors, where the row begins, and
// how its loss is written. LANES invocations share a row, ROWS rows share a workgroup.

struct RowInfo { label: u32, valueFactor: f32, gradientFactor: f32 }

@group(0) @binding(3) var<storage, read> rowInfo: array<RowInfo>;  // (all rows)
@group(0) @binding(4) var<storage, read> totals: array<f32>;  // (segments, 2 more)
@group(0) @binding(5) var<storage, read_write> values: array<u32>;  // (all rows) bits of f32

const OUT_OF_RANGE: u32 = 0xfffffffeu;
const HAS_NAN: u32 = 1u;
const ABOVE: u32 = 2u;  // +infinity is a part of the loss
const BELOW: u32 = 4u;  // -infinity is

struct Row {
  index: u32,  // in rowInfo and values
  base: u32,  // of its first element in this dispatch's part of the tensors
  label: u32,
  lane: u32,
  exists: bool,
  counts: bool,
  valueFactor: f32,
  gradientFactor: f32,
}

fn rowAt(group: vec3u, thread: u32) -> Row {
  let place = (group.y * params.gridWidth + group.x) * ROWS + thread / LANES;
  let exists = place < params.rows;
  let inside = min(place, params.rows - 1u);
  let index = params.rowStart + inside;
  let info = rowInfo[index];
  let factor = info.gradientFactor * totals[index / params.segmentLength];
  return Row(index, inside * params.classes, info.label, thread % LANES, exists,
    exists && info.label < OUT_OF_RANGE, info.valueFactor, factor);
}

// What an infinite part of a loss is told by: hooks return the largest number for it.
fn infiniteFlags(x: f32) -> u32 {
  return select(0u, select(ABOVE, BELOW, x < 0.0), abs(x) > 3e38);
}

// The row's loss, as bits: WGSL arithmetic may lose infinity and NaN.
fn reportRow(row: Row, value: f32, flags: u32, factor: f32) {
  let ends = flags & (ABOVE | BELOW);
  var bits = bitcast<u32>(row.valueFactor * factor * value);
  if (ends != 0u) {
    let negative = (ends == BELOW) != (row.valueFactor * factor < 0.0);
    bits = select(INFINITY_BITS, MINUS_INFINITY_BITS, negative);
  }
  let both = ends == (ABOVE | BELOW);
  let lost = both || (flags & HAS_NAN) != 0u || (ends != 0u && row.valueFactor * factor == 0.0);
  bits = select(bits, NAN_BITS, lost);
  bits = select(bits, select(0u, NAN_BITS, row.label == OUT_OF_RANGE), !row.counts);
  values[row.index] = bits;
}

// A gradient as bits; a slope at the end of the numbers is infinite.
fn gradientBits(slope: f32, factor: f32) -> u32 {
  let ends = select(INFINITY_BITS, MINUS_INFINITY_BITS, (slope < 0.0) != (factor < 0.0));
  return select(bitcast<u32>(factor * slope), ends, abs(slope) > 3e38);
}
