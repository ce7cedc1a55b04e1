// Cross-entropy, the gradient of f32 in a buffer of its own, four classes in one store, where rows are whole
// quads. No two lanes ever write to one: a store to a part of a vector may touch all of it.

@group(0) @binding(1) var<storage, read> logits: array<u32>;  // (rows, classes)
@group(0) @binding(6) var<storage, read_write> gradient: array<vec4u>;  // (rows, classes / 4)

// Where the gradient of a row's first quad goes.
fn quadPlace(row: Row) -> u32 {
  return (row.origin + params.gradientStart - params.logitsStart) / 4u;
}

fn storeQuad(row: Row, k: vec4u, g: vec4f) {
  if (!MASKED | (k.x < params.classes)) {
    gradient[quadPlace(row) + k.x / 4u] = bitcast<vec4u>(g);
  }
}

// What no tile covers, and the label, of which a tile knows nothing.
fn storeSlots(row: Row, verdict: Verdict, tiles: u32, labelBits: u32, isHome: bool) -> f32 {
  var moment = 0.0;
  if (isHome) {
    gradient[quadPlace(row) + row.label / 4u][row.label & 3u] = bitcast<u32>(verdict.labelSlope);
    moment = labelMoment(verdict, labelBits);
  }
  let turns = turnsOf(row, slotsOf(row, tiles) / 4u);
  for (var turn = 0u; turn < turns; turn++) {
    let quad = classesIn(row, tiles) / 4u + turn * row.slots + row.slot;
    var g = vec4f(0.0);
    for (var at = 0u; at < 4u; at++) {
      let slope = slopeAt(row, verdict, 4u * quad + at);
      g[at] = slope.gradient;
      moment += slope.moment;
    }
    gradient[quadPlace(row) + quad] = bitcast<vec4u>(g);
  }
  return moment;
}

fn fill(row: Row, bits: u32) {
  let turns = turnsOf(row, params.classes / 4u);
  for (var turn = 0u; turn < turns; turn++) {
    gradient[quadPlace(row) + turn * row.slots + row.slot] = vec4u(bits);
  }
}
