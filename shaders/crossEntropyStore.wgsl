// Cross-entropy, gradients that are stored element by element.

fn storeQuad(row: Row, k: vec4u, g: vec4f) {
  let place = storePlace(row.origin);
  let bits = bitcast<vec4u>(g);
  if (MASKED) {
    // The last tile may be cut short.
    for (var part = 0u; part < 4u; part++) {
      if (k[part] < params.classes) {
        storeBits(place + k[part], bits[part]);
      }
    }
  } else {
    // Not the vector times the step: only a scalar times 1 is nothing to SwiftShader's optimiser.
    storeBits(place + k.x * row.step, bits.x);
    storeBits(place + k.y * row.step, bits.y);
    storeBits(place + k.z * row.step, bits.z);
    storeBits(place + k.w * row.step, bits.w);
  }
}

// What no tile covers, and the label, of which a tile knows nothing.
fn storeSlots(row: Row, verdict: Verdict, tiles: u32, labelBits: u32, isHome: bool) -> f32 {
  let place = storePlace(row.origin);
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
    storeBits(place + k * row.step, bitcast<u32>(slope.gradient));
    moment += select(slope.moment, labelMoment(verdict, labelBits), isLabel);
  }
  return moment;
}

fn fill(row: Row, bits: u32) {
  let place = storePlace(row.origin);
  let turns = turnsOf(row, params.classes);
  for (var turn = 0u; turn < ENDLESS; turn++) {
    if (turn >= turns) {
      break;
    }
    storeBits(place + (turn * row.slots + row.slot) * row.step, bits);
  }
}
