// Cross-entropy, gradients that are stored element by element.

fn storeQuad(row: Row, quad: u32, g: vec4f) {
  let k = classesAt(row, quad);
  storeInTile(row, k.x, g.x);
  storeInTile(row, k.y, g.y);
  storeInTile(row, k.z, g.z);
  storeInTile(row, k.w, g.w);
}

fn storeInTile(row: Row, k: u32, g: f32) {
  storeElement(elementOf(row, k), bitcast<u32>(g));
}

fn storeSlots(row: Row, verdict: Verdict, tiles: u32) -> f32 {
  var moment = 0.0;
  let slots = params.classes - tiles * TILE;
  for (var slot = slotLane(row); slot < slots; slot += slotLanes()) {
    let k = slotClass(row, tiles, slot);
    let slope = slopeAt(row, verdict, k);
    storeElement(elementOf(row, k), bitcast<u32>(slope.gradient));
    moment += slope.moment;
  }
  return moment;
}

fn fill(row: Row, bits: u32) {
  for (var k = slotLane(row); k < params.classes; k += slotLanes()) {
    storeElement(elementOf(row, k), bits);
  }
}
