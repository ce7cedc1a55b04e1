// Cross-entropy, how f16 and bf16 logits are read: two in a word, two whole words a lane and quad. A
// row that starts in the middle of a word leaves its first class to the slots.

fn headOf(origin: u32) -> u32 {
  return origin & 1u;
}

fn tilesOf(row: Row) -> u32 {
  return (params.classes - row.head) / TILE;
}

// How many classes no whole tile covers.
fn slotsOf(row: Row, tiles: u32) -> u32 {
  return params.classes - tiles * TILE;
}

// Which they are: the tail, then the head.
fn slotClass(row: Row, tiles: u32, slot: u32) -> u32 {
  let k = row.head + tiles * TILE + slot;
  return select(k, 0u, k == params.classes);
}

// The word where the quad of this lane begins.
fn quadStart(row: Row, quad: u32) -> u32 {
  return (row.origin + 1u) / 2u + quad * 2u * LANES + row.lane;
}

// The tile and the lane that meet a class; the head is in none.
fn tileOfClass(row: Row, k: u32) -> vec2u {
  let place = k - row.head;
  return vec2u(place / TILE, (place / 2u) & (LANES - 1u));
}

const QUAD_STEP: u32 = QUAD;  // from a quad of a tile to the next
const QUAD_CLASSES: vec4u = vec4u(0u, 1u, 2u * LANES, 2u * LANES + 1u);

// The class of the logit that is the at-th in this lane's tiles.
fn classAt(row: Row, at: u32) -> u32 {
  return 2u * quadStart(row, at / 4u) - row.origin + (at & 2u) * LANES + (at & 1u);
}

fn firstTile(row: Row) -> u32 {
  return quadStart(row, 0u);
}

fn tileStep() -> u32 {
  return TILE / 2u;
}

fn tileAt(row: Row, word: u32) -> Tile {
  const STEP = QUAD / 2u;
  return Tile(quadAt(word), quadAt(word + STEP), quadAt(word + 2u * STEP), quadAt(word + 3u * STEP));
}

fn quadAt(word: u32) -> vec4f {
  let low = logits[word];
  let high = logits[word + LANES];
  if (STORAGE == 1u) {
    return vec4f(unpack2x16float(low), unpack2x16float(high));
  }
  return bitcast<vec4f>(vec4u(low << 16u, low & 0xffff0000u, high << 16u, high & 0xffff0000u));
}
