// Cross-entropy, f32 logits in tiles: a lane takes 64 bytes at an address that 64 divides. On a software
// adapter the bounds of each index cost as much as an exp: this asks for one index a tile.

@group(0) @binding(11) var<storage, read> logitTiles: array<Tile>;  // (rows, classes / 16), the bytes of logits

const WIDTH: u32 = 16u;
const QUAD_STEP: u32 = 4u;  // from a quad of a tile to the next
const QUAD_CLASSES: vec4u = vec4u(0u, 1u, 2u, 3u);

fn tileAt(row: Row, at: u32) -> Tile {
  return logitTiles[at >> 4u];
}
