// Cross-entropy, how logits are read one by one: f32, and 16-bit ones of images. The four classes of
// a quad lie LANES apart, so that the lanes read neighbours together whatever the alignment of the
// row (50 257 classes align nowhere).

fn headOf(origin: u32) -> u32 {
  return 0u;
}

fn tilesOf(row: Row) -> u32 {
  return (params.classes + select(0u, TILE - 1u, MASKED)) / TILE;
}

// How many classes no tile covers; the last tile may be cut short.
fn slotsOf(row: Row, tiles: u32) -> u32 {
  return params.classes - min(tiles * TILE, params.classes);
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
const QUAD_CLASSES: vec4u = vec4u(0u, LANES, 2u * LANES, 3u * LANES);

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
  return Tile(quadAt(row, at), quadAt(row, at + step), quadAt(row, at + 2u * step),
    quadAt(row, at + 3u * step));
}

fn laneStep() -> u32 {
  return LANES * select(1u, params.inner, STRIDED);
}

fn quadAt(row: Row, at: u32) -> vec4f {
  let step = laneStep();
  return bitcast<vec4f>(vec4u(bitsInTile(row, at), bitsInTile(row, at + step),
    bitsInTile(row, at + 2u * step), bitsInTile(row, at + 3u * step)));
}

fn bitsInTile(row: Row, element: u32) -> u32 {
  let k = element - row.origin;
  var bits = MINUS_INFINITY_BITS;
  if (!MASKED || ((k < params.classes) & (k != row.label))) {
    bits = bitsOfElement(element);
  }
  return bits;
}
