// Cross-entropy, gradients that are stored element by element.

fn storeQuad(row: Row, k: vec4u, g: vec4f) {
  let place = storePlace(row.origin);
  if (MASKED) {
    // The last tile may be cut short.
    for (var at = 0u; at < 4u; at++) {
      if (k[at] < params.classes) {
        storeAt(place + k[at], g[at]);
      }
    }
  } else {
    storeAt(place + k.x * row.step, g.x);
    storeAt(place + k.y * row.step, g.y);
    storeAt(place + k.z * row.step, g.z);
    storeAt(place + k.w * row.step, g.w);
  }
}

// What no tile covers, and the label, of which a tile knows nothing.
fn storeSlots(row: Row, verdict: Verdict, tiles: u32, labelBits: u32, isHome: bool) -> f32 {
  let place = storePlace(row.origin);
  let slots = turnsOf(row, slotsOf(row, tiles));
  let turns = slots + select(0u, 1u, isHome);
  var moment = 0.0;
  for (var turn = 0u; turn < turns; turn++) {
    let isLabel = turn == slots;
    let slot = slotClass(row, tiles, turn * slotLanes() + slotLane(row));
    let k = select(slot, row.label, isLabel);
    let slope = slopeAt(row, verdict, k);
    storeAt(place + k * row.step, slope.gradient);
    moment += select(slope.moment, labelMoment(verdict, labelBits), isLabel);
  }
  return moment;
}

fn fill(row: Row, bits: u32) {
  let place = storePlace(row.origin);
  let turns = turnsOf(row, params.classes);
  for (var turn = 0u; turn < turns; turn++) {
    storeBits(place + (turn * slotLanes() + slotLane(row)) * row.step, bits);
  }
}

fn storeAt(at: u32, g: f32) {
  storeBits(at, bitcast<u32>(g));
}
