// What every product of matrices knows about its operands. A matrix lies in blocks of 4 x 4: block
// (i, j) is a mat4x4f whose column q is row 4 i + q, numbers 4 j .. 4 j + 3; beyond the edges are zeros.
//   similarities = left . transposed right      gradients = slopes . right, transposed slopes . left
// METHOD says how two numbers meet: 0 product, 1 square of their difference, 2 slope times difference
// from `own`, the number that the gradient is of (a - b by itself, because sums of a and of b cancel).
// With LEFT_ROWS the left side lies row by row instead: leftStride fours to a row.

@group(0) @binding(1) var<storage, read> left: array<mat4x4f>;  // (rowBlocks, depthBlocks), or LEFT_TURNED
@group(0) @binding(2) var<storage, read> right: array<mat4x4f>;  // (columnBlocks, depthBlocks), or RIGHT_TURNED
@group(0) @binding(3) var<storage, read> own: array<mat4x4f>;  // (rowBlocks, columnBlocks)
@group(0) @binding(4) var<storage, read_write> product: array<mat4x4f>;  // (rowBlocks, columnBlocks)

const PULLS: bool = METHOD == 2u;

// Where a tile of blocks begins, and in which matrix of the batch.
struct Tile { item: u32, row: u32, column: u32 }

fn tileAt(index: u32, down: u32, across: u32) -> Tile {
  let inside = index % params.tilesPerItem;
  return Tile(index / params.tilesPerItem, inside / params.tilesAcross * down,
    inside % params.tilesAcross * across);
}

fn squares(m: mat4x4f, v: vec4f) -> vec4f {
  let a = m[0] - v.x;
  let b = m[1] - v.y;
  let c = m[2] - v.z;
  let d = m[3] - v.w;
  return a * a + b * b + (c * c + d * d);
}

// Where the four numbers from 4 * four on of a row lie, as those of a matrix of sixteen.
fn leftPlace(item: u32, row: u32, four: u32) -> vec2u {
  let at = params.leftFirst + item * params.leftItem + row * params.leftStride + four;
  return vec2u(at / 4u, at % 4u);
}
