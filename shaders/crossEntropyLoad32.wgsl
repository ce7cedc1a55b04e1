// Cross-entropy, how f32 logits are read. The four elements of a trip lie LANES apart, so that the
// lanes read neighbours together whatever the alignment of the row (50 257 classes align nowhere).

alias Raw = vec4u;

fn tripsOf(row: Row) -> u32 {
  return params.classes / QUADS;
}

// The classes that no whole trip covers: one slot each.
fn slotsOf(row: Row, trips: u32) -> u32 {
  return params.classes - trips * QUADS;
}

fn slotClass(row: Row, trips: u32, slot: u32) -> u32 {
  return trips * QUADS + slot;
}

fn classesAt(row: Row, trip: u32) -> vec4u {
  return trip * QUADS + row.lane + vec4u(0u, LANES, 2u * LANES, 3u * LANES);
}

fn loadAt(row: Row, trip: u32) -> Raw {
  let c = classesAt(row, trip);
  return vec4u(logits[elementOf(row, c.x)], logits[elementOf(row, c.y)],
    logits[elementOf(row, c.z)], logits[elementOf(row, c.w)]);
}

fn valuesOf(raw: Raw) -> vec4f {
  return bitcast<vec4f>(raw);
}

fn heightsOf(raw: Raw) -> vec4u {
  return raw & vec4u(0x7fffffffu);
}

fn bitsAt(row: Row, k: u32) -> u32 {
  return logits[elementOf(row, k)];
}

fn carefulHeight() -> u32 {
  return carefulBits();
}
