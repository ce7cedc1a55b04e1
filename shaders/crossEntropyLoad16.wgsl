// Cross-entropy, how f16 and bf16 logits are read: two in a word. A trip covers two whole words a
// lane; a row that starts in the middle of a word leaves its first class to the slots. The classes of
// an image lie apart: all of them are slots.

alias Raw = vec2u;

fn headOf(row: Row) -> u32 {
  return select(row.origin % 2u, 0u, STRIDED);
}

fn tripsOf(row: Row) -> u32 {
  return select((params.classes - headOf(row)) / QUADS, 0u, STRIDED);
}

// The classes that no whole trip covers: the tail, then the head.
fn slotsOf(row: Row, trips: u32) -> u32 {
  return params.classes - trips * QUADS;
}

fn slotClass(row: Row, trips: u32, slot: u32) -> u32 {
  let k = headOf(row) + trips * QUADS + slot;
  return select(k, 0u, k == params.classes);
}

fn wordAt(row: Row, trip: u32) -> u32 {
  return (row.origin + headOf(row)) / 2u + trip * 2u * LANES + row.lane;
}

fn classesAt(row: Row, trip: u32) -> vec4u {
  return 2u * wordAt(row, trip) - row.origin + vec4u(0u, 1u, 2u * LANES, 2u * LANES + 1u);
}

fn loadAt(row: Row, trip: u32) -> Raw {
  let word = wordAt(row, trip);
  return vec2u(logits[word], logits[word + LANES]);
}

fn valuesOf(raw: Raw) -> vec4f {
  if (STORAGE == 1u) {
    return vec4f(unpack2x16float(raw.x), unpack2x16float(raw.y));
  }
  return bitcast<vec4f>(vec4u(raw.x << 16u, raw.x & 0xffff0000u,
    raw.y << 16u, raw.y & 0xffff0000u));
}

fn heightsOf(raw: Raw) -> vec4u {
  return vec4u(raw.x & 0x7fffu, (raw.x >> 16u) & 0x7fffu,
    raw.y & 0x7fffu, (raw.y >> 16u) & 0x7fffu);
}

fn carefulHeight() -> u32 {
  if (STORAGE == 1u) {
    return select(0u, 0x7c00u, carefulBits() > bitcast<u32>(65504.0));
  }
  return carefulBits() >> 16u;
}

fn bitsAt(row: Row, k: u32) -> u32 {
  let element = elementOf(row, k);
  let half = (logits[element / 2u] >> (element % 2u * 16u)) & 0xffffu;
  if (STORAGE == 1u) {
    return f16ToBits(half);
  }
  return bf16ToBits(half);
}
