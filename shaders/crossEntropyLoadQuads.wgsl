// Cross-entropy, four logits in one load of a GPU (16 bytes of f32, 8 of f16 and bf16), neighbours by
// neighbouring lanes. Where the gradient is written in quads too (IN_STEP), which begin with the row, logits
// that do not lie like it (a tensor within a buffer) are read word by word.

const WIDTH: u32 = 4u;
const QUAD_STEP: u32 = QUAD;  // from a quad of a tile to the next
const QUAD_CLASSES: vec4u = vec4u(0u, 1u, 2u, 3u);

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
