// Cross-entropy, gradients that are stored element by element.

// Where the gradient of a row's first class goes.
fn storeStart(row: Row) -> u32 {
  return storePlace(row.origin);
}

fn storeQuad(row: Row, start: u32, k: u32, g: vec4f) {
  let bits = bitcast<vec4u>(g);
  if (MASKED) {
    // The last tile may be cut short.
    for (var part = 0u; part < 4u; part++) {
      let own = k + QUAD_CLASSES[part];
      if (own < params.classes) {
        storeBits(start + own, bits[part]);
      }
    }
  } else {
    // One place and steps from it, which are constants but for images.
    let at = start + k * row.step;
    storeBits(at, bits.x);
    storeBits(at + QUAD_CLASSES.y * row.step, bits.y);
    storeBits(at + QUAD_CLASSES.z * row.step, bits.z);
    storeBits(at + QUAD_CLASSES.w * row.step, bits.w);
  }
}

// What no tile covers, and the label, of which a tile knows nothing.
fn storeSlots(row: Row, verdict: Verdict, tiles: u32, labelBits: u32, isHome: bool) -> f32 {
  let place = storeStart(row);
  let slots = turnsOf(row, slotsOf(row, tiles));
  let turns = slots + select(0u, 1u, isHome);
  var moment = 0.0;
  for (var turn = 0u; turn < ENDLESS; turn++) {
    if (turn >= turns) {
      break;
    }
    let isLabel = turn == slots;
    let slot = slotClass(row, tiles, turn * row.slots + row.slot);
    let k = select(slot, row.label, isLabel);
    let slope = slopeAt(row, verdict, k);
    storeBits(place + k * row.step, slopeBits(verdict, slope.gradient));
    moment += select(slope.moment, labelMoment(verdict, labelBits), isLabel);
  }
  return moment;
}
