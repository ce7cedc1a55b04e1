// Cross-entropy, gradients that are stored element by element.

fn storeAt(row: Row, trip: u32, g: vec4f) {
  let bits = bitcast<vec4u>(g);
  let c = classesAt(row, trip);
  storeClass(row, c.x, bits.x);
  storeClass(row, c.y, bits.y);
  storeClass(row, c.z, bits.z);
  storeClass(row, c.w, bits.w);
}

fn storeSlots(row: Row, verdict: Verdict, trips: u32) -> f32 {
  var moment = 0.0;
  let slots = slotsOf(row, trips);
  for (var slot = row.lane; slot < slots; slot += LANES) {
    let k = slotClass(row, trips, slot);
    let slope = slopeAt(row, verdict, k);
    storeClass(row, k, bitcast<u32>(slope.gradient));
    moment += slope.moment;
  }
  return moment;
}

fn fill(row: Row, bits: u32) {
  for (var k = row.lane; k < params.classes; k += LANES) {
    storeClass(row, k, bits);
  }
}
