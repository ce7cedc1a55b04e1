// Cross-entropy, how f32 logits are read in tiles: a lane takes 64 bytes at an address that 64 divides,
// whatever the alignment of the row (50 257 classes align nowhere). On a software adapter the bounds of
// each index cost as much as an exp: this asks for one index a tile. What no whole tile covers, at both
// ends of the row, is read one by one.

@group(0) @binding(11) var<storage, read> logitTiles: array<Tile>;  // (rows, classes / 16), the bytes of logits

fn headOf(row: Row) -> u32 {
  return min((0u - row.origin) & 15u, params.classes);
}

fn tilesOf(row: Row) -> u32 {
  return (params.classes - headOf(row)) / TILE;
}

// How many classes no whole tile covers.
fn slotsOf(row: Row, tiles: u32) -> u32 {
  return params.classes - tiles * TILE;
}

// Which they are: the tail, then the head.
fn slotClass(row: Row, tiles: u32, slot: u32) -> u32 {
  let k = headOf(row) + tiles * TILE + slot;
  return select(k, k - params.classes, k >= params.classes);
}

// The tile and the lane that meet a class; the head is in none.
fn tileOfClass(row: Row, k: u32) -> vec2u {
  let place = k - headOf(row);
  return vec2u(place / TILE, (place / 16u) & (LANES - 1u));
}

const QUAD_STEP: u32 = 4u;  // from a quad of a tile to the next

// The class of the logit that is the at-th in this lane's tiles.
fn classAt(row: Row, at: u32) -> u32 {
  return headOf(row) + (at & ~15u) * LANES + 16u * row.lane + (at & 15u);
}

// The tile where this lane begins, and how far the next one is from it.
fn firstTile(row: Row) -> u32 {
  return (row.origin + headOf(row)) / 16u + row.lane;
}

fn tileStep() -> u32 {
  return LANES;
}

fn tileAt(row: Row, at: u32) -> Tile {
  return logitTiles[at];
}
