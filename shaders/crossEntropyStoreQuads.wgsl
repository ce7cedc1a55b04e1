// Cross-entropy, the gradient of f32 in a buffer of its own, four classes in one store, where rows are whole
// quads. No two lanes ever write to one: a store to a part of a vector may touch all of it.

@group(0) @binding(1) var<storage, read> logits: array<u32>;  // (rows, classes)
@group(0) @binding(6) var<storage, read_write> gradient: array<vec4u>;  // (rows, classes / 4)

// Where the gradient of a row's first quad goes.
fn storeStart(row: Row) -> u32 {
  return (row.origin + params.gradientStart - params.logitsStart) / 4u;
}

fn storeQuad(row: Row, start: u32, k: u32, g: vec4f) {
  if (!MASKED | (k < params.classes)) {
    gradient[start + k / 4u] = bitcast<vec4u>(g);
  }
}

// What no tile covers, and the label, of which a tile knows nothing.
fn storeSlots(row: Row, verdict: Verdict, tiles: u32, labelBits: u32, isHome: bool) -> f32 {
  var moment = 0.0;
  if (isHome) {
    gradient[storeStart(row) + row.label / 4u][row.label & 3u] = slopeBits(verdict, verdict.labelSlope);
    moment = labelMoment(verdict, labelBits);
  }
  let turns = turnsOf(row, slotsOf(row, tiles) / 4u);
  for (var turn = 0u; turn < turns; turn++) {
    let quad = classesIn(row, tiles) / 4u + turn * row.slots + row.slot;
    var bits = vec4u(0u);
    for (var at = 0u; at < 4u; at++) {
      let slope = slopeAt(row, verdict, 4u * quad + at);
      bits[at] = slopeBits(verdict, slope.gradient);
      moment += slope.moment;
    }
    gradient[storeStart(row) + quad] = bits;
  }
  return moment;
}
