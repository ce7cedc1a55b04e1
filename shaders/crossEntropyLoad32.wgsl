// Cross-entropy, how logits are read one by one: f32, and 16-bit ones of images. The four classes of
// a quad lie LANES apart, so that the lanes read neighbours together whatever the alignment of the
// row (50 257 classes align nowhere).

fn tilesOf(row: Row) -> u32 {
  return params.classes / TILE;
}

// How many classes no whole tile covers.
fn slotsOf(row: Row, tiles: u32) -> u32 {
  return params.classes - tiles * TILE;
}

// Which they are.
fn slotClass(row: Row, tiles: u32, slot: u32) -> u32 {
  return tiles * TILE + slot;
}

// The tile and the lane that meet a class.
fn tileOfClass(row: Row, k: u32) -> vec2u {
  return vec2u(k / TILE, k & (LANES - 1u));
}

const QUAD_STEP: u32 = QUAD;  // from a quad of a tile to the next

// The class of the logit that is the at-th in this lane's tiles.
fn classAt(row: Row, at: u32) -> u32 {
  return at * LANES + row.lane;
}

// The element where the first tile of this lane begins, and how far the next one is from it.
fn firstTile(row: Row) -> u32 {
  return elementOf(row, row.lane);
}

fn tileStep() -> u32 {
  return 16u * laneStep();
}

fn tileAt(row: Row, at: u32) -> Tile {
  let step = 4u * laneStep();
  return Tile(quadAt(at), quadAt(at + step), quadAt(at + 2u * step), quadAt(at + 3u * step));
}

fn laneStep() -> u32 {
  return LANES * select(1u, params.inner, STRIDED);
}

fn quadAt(at: u32) -> vec4f {
  let step = laneStep();
  return bitcast<vec4f>(vec4u(bitsOfElement(at), bitsOfElement(at + step),
    bitsOfElement(at + 2u * step), bitsOfElement(at + 3u * step)));
}
