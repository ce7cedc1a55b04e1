// Mined triplets, what every way of mining knows about its anchor: the row of distances, where its
// positives are (a chain through `classes`), and how a slope by a distance becomes one by what the
// matrix of products or differences needs.

struct RowInfo { label: u32, valueFactor: f32, gradientFactor: f32 }

@group(0) @binding(1) var<storage, read> similarities: array<f32>;  // (rowBlocks, columnBlocks, 4 rows, 4)
@group(0) @binding(2) var<storage, read> rowInfo: array<RowInfo>;  // (rows)
@group(0) @binding(3) var<storage, read> classes: array<u32>;  // (3, padded rows) first row, next row, size of the label
@group(0) @binding(4) var<storage, read> scales: array<f32>;  // (3) scale, bias, chain
@group(0) @binding(5) var<storage, read> totals: array<f32>;  // (segments, 2 more)
@group(0) @binding(6) var<storage, read_write> values: array<u32>;  // (rows) bits of f32
@group(0) @binding(7) var<storage, read_write> slopes: array<f32>;  // (rowBlocks, columnBlocks, 4 rows, 4)
@group(0) @binding(8) var<storage, read> inverses: array<f32>;  // (lines) 1 / lengths

const THREADS: u32 = LINES * LANES;
const NONE: u32 = 0xffffffffu;
const OUT_OF_RANGE: u32 = 0xfffffffeu;

struct Anchor { number: u32, base: u32, lane: u32, kind: u32, size: u32, isCounted: bool }

fn at(anchor: Anchor, column: u32) -> u32 {
  return anchor.base + column / 4u * 16u + column % 4u;
}

fn distanceTo(anchor: Anchor, column: u32) -> f32 {
  return scales[0] * similarities[at(anchor, column)] + scales[1];
}

fn isNegative(anchor: Anchor, column: u32) -> bool {
  return classes[column] != anchor.kind;
}

// The positive after `column`, or the first; NONE behind the last.
fn positiveAfter(anchor: Anchor, column: u32) -> u32 {
  var next = anchor.kind;
  if (column != NONE) {
    next = classes[params.padded + column];
  }
  if (next == anchor.number) {
    next = classes[params.padded + next];
  }
  return next;
}

fn isActive(hinge: f32) -> bool {
  return hinge > 0.0 || (ACTIVE_AT_KINK && hinge == 0.0);
}

// METRIC: 0 cosine, 1 Euclidean, 2 its square. Equal rows have distance 0, and no direction to move in.
fn storeSlope(anchor: Anchor, column: u32, slope: f32) {
  let d = similarities[at(anchor, column)];
  var g = slope * scales[0];
  if (METRIC == 0u) {
    g *= inverses[anchor.number] * inverses[column];
  } else if (METRIC == 1u) {
    g = select(slope / d, 0.0, d == 0.0);
  } else if (METRIC == 2u) {
    g = 2.0 * slope;
  }
  slopes[at(anchor, column)] = select(g, 0.0, slope == 0.0);
}

fn anchorOf(group: vec3u, thread: u32) -> Anchor {
  let place = (group.y * params.gridWidth + group.x) * LINES + thread % LINES;
  let number = params.firstRow + place;
  let row = min(number, params.rows - 1u);
  let base = (place / 4u * params.stride * 4u + place % 4u) * 4u;
  let isCounted = number < params.rows && rowInfo[row].label < OUT_OF_RANGE;
  return Anchor(number, base, thread / LINES, classes[row], classes[2u * params.padded + row],
    isCounted);
}

fn factorOf(anchor: Anchor) -> f32 {
  let row = min(anchor.number, params.rows - 1u);
  return select(0.0, rowInfo[row].gradientFactor * totals[row / params.segmentLength],
    anchor.isCounted);
}

// A distance that is no number spoils the mining: the anchor's loss and slopes are NaN.
fn heightOf(anchor: Anchor) -> u32 {
  var height = 0u;
  for (var column = anchor.lane; column < params.rows; column += LANES) {
    height = max(height, bitcast<u32>(similarities[at(anchor, column)]) & 0x7fffffffu);
  }
  return height;
}

fn finish(anchor: Anchor, value: f32, isLost: bool) {
  if (anchor.lane == 0u && anchor.number < params.rows) {
    let bits = bitcast<u32>(rowInfo[anchor.number].valueFactor * value);
    values[anchor.number] = select(0u, select(bits, NAN_BITS, isLost), anchor.isCounted);
  }
}

fn storeAll(anchor: Anchor, slope: f32) {
  for (var column = anchor.lane; column < params.stride * 4u; column += LANES) {
    slopes[at(anchor, column)] = slope;
  }
}
