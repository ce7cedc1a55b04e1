// Cross-entropy, how logits are read WIDTH at once, at addresses that so many divide, whatever the alignment
// of the row (50 257 classes align nowhere). What lies before the first such place and behind the last is read
// one by one.

fn headOf(origin: u32) -> u32 {
  return select(min((0u - origin) & (WIDTH - 1u), params.classes), 0u, IN_STEP);
}

// The last tile may be cut short where what is no class is masked.
fn tilesOf(row: Row) -> u32 {
  return (params.classes - row.head + select(0u, TILE - WIDTH, MASKED)) / TILE;
}

fn classesIn(row: Row, tiles: u32) -> u32 {
  return min(tiles * TILE, (params.classes - row.head) & ~(WIDTH - 1u));
}

// How many classes no tile covers.
fn slotsOf(row: Row, tiles: u32) -> u32 {
  return params.classes - classesIn(row, tiles);
}

// Which they are: the tail, then the head.
fn slotClass(row: Row, tiles: u32, slot: u32) -> u32 {
  let k = row.head + classesIn(row, tiles) + slot;
  return select(k, k - params.classes, k >= params.classes);
}

// The tile and the lane that meet a class. The head is in none; of the tail nobody asks where a tile is cut short.
fn tileOfClass(row: Row, k: u32) -> vec2u {
  let place = k - row.head;
  return vec2u(place / TILE, (place / WIDTH) & (LANES - 1u));
}

// The class of the logit that is the at-th in this lane's tiles.
fn classAt(row: Row, at: u32) -> u32 {
  return row.head + (at & ~(WIDTH - 1u)) * LANES + WIDTH * row.lane + (at & (WIDTH - 1u));
}

// The element where the first tile of this lane begins, and how far the next one is from it.
fn firstTile(row: Row) -> u32 {
  return row.origin + row.head + WIDTH * row.lane;
}

fn tileStep() -> u32 {
  return TILE;
}
