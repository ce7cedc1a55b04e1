// Cross-entropy, how a GPU reads logits: four in one load (16 bytes of f32, 8 of f16 and bf16), neighbours
// by neighbouring lanes. Rows may begin anywhere (50 257 classes align nowhere): what lies before the first
// whole quad of memory and behind the last is read one by one. Where the gradient is written in quads, which
// begin with the row, logits that do not lie like it (a tensor within a buffer) are read word by word.

fn headOf(row: Row) -> u32 {
  return select(min((0u - row.origin) & 3u, params.classes), 0u, IN_STEP);
}

fn quadsOf(row: Row) -> u32 {
  return (params.classes - headOf(row)) / 4u;
}

fn tilesOf(row: Row) -> u32 {
  return (quadsOf(row) + select(0u, QUAD - 1u, MASKED)) / QUAD;
}

// Quads that so many tiles have: the last tile of a row may be cut short.
fn quadsIn(row: Row, tiles: u32) -> u32 {
  return min(tiles * QUAD, quadsOf(row));
}

// How many classes no tile covers.
fn slotsOf(row: Row, tiles: u32) -> u32 {
  return params.classes - 4u * quadsIn(row, tiles);
}

// Which they are: the tail, then the head.
fn slotClass(row: Row, tiles: u32, slot: u32) -> u32 {
  let k = headOf(row) + 4u * quadsIn(row, tiles) + slot;
  return select(k, k - params.classes, k >= params.classes);
}

// The tile and the lane that meet a class; the head and the tail are in none.
fn tileOfClass(row: Row, k: u32) -> vec2u {
  let quad = (k - headOf(row)) / 4u;
  return select(vec2u(NONE), vec2u(quad / QUAD, quad & (LANES - 1u)), quad < quadsOf(row));
}

const QUAD_STEP: u32 = QUAD;  // from a quad of a tile to the next

// The class of the logit that is the at-th in this lane's tiles.
fn classAt(row: Row, at: u32) -> u32 {
  return headOf(row) + (at & ~3u) * LANES + 4u * row.lane + (at & 3u);
}

// The element where the first tile of this lane begins, and how far the next one is from it.
fn firstTile(row: Row) -> u32 {
  return row.origin + headOf(row) + 4u * row.lane;
}

fn tileStep() -> u32 {
  return TILE;
}

fn tileAt(row: Row, at: u32) -> Tile {
  return Tile(quadAt(row, at), quadAt(row, at + QUAD), quadAt(row, at + 2u * QUAD),
    quadAt(row, at + 3u * QUAD));
}

fn quadAt(row: Row, at: u32) -> vec4f {
  var bits = vec4u(MINUS_INFINITY_BITS);
  if (!MASKED | (at + 4u <= row.origin + params.classes)) {
    if (IN_STEP & ((at & 3u) != 0u)) {
      bits = vec4u(bitsOfElement(at), bitsOfElement(at + 1u), bitsOfElement(at + 2u),
        bitsOfElement(at + 3u));
    } else {
      bits = bitsOfQuad(at / 4u);
    }
  }
  if (MASKED) {
    let label = vec4u(row.origin + row.label - at);
    bits = select(bits, vec4u(MINUS_INFINITY_BITS), label == vec4u(0u, 1u, 2u, 3u));
  }
  return bitcast<vec4f>(bits);
}
