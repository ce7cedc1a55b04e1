// What every product of matrices knows about its operands. A matrix lies in blocks of 4 x 4: block
// (i, j) is a mat4x4f whose column q is row 4 i + q, numbers 4 j .. 4 j + 3; beyond the edges are zeros.
//   similarities = left . transposed right      gradients = slopes . right, transposed slopes . left
// METHOD says how two numbers meet: 0 product, 1 square of their difference, 2 slope times difference
// from `own`, the number that the gradient is of (a - b by itself, because sums of a and of b cancel).
// With SCALED a product of two rows is divided by their lengths once it is summed.

@group(0) @binding(1) var<storage, read> left: array<mat4x4f>;  // (rowBlocks, depthBlocks), or LEFT_TURNED
@group(0) @binding(2) var<storage, read> right: array<mat4x4f>;  // (columnBlocks, depthBlocks), or RIGHT_TURNED
@group(0) @binding(3) var<storage, read> own: array<mat4x4f>;  // (rowBlocks, columnBlocks)
@group(0) @binding(4) var<storage, read_write> product: array<mat4x4f>;  // (rowBlocks, columnBlocks)
@group(0) @binding(5) var<storage, read> leftInverses: array<vec4f>;  // (all rowBlocks) 1 / lengths
@group(0) @binding(6) var<storage, read> rightInverses: array<vec4f>;  // (all columnBlocks) 1 / lengths

const PULLS: bool = METHOD == 2u;

// Where a tile of blocks begins, and in which matrix of the batch.
struct Tile { item: u32, row: u32, column: u32 }

fn tileAt(index: u32, down: u32, across: u32) -> Tile {
  let inside = index % params.tilesPerItem;
  return Tile(index / params.tilesPerItem, inside / params.tilesAcross * down,
    inside % params.tilesAcross * across);
}

// Four rows at four depths: column k is depth k.
fn leftBlock(item: u32, row: u32, k: u32) -> mat4x4f {
  let first = params.leftFirst + item * params.leftItem;
  if (LEFT_TURNED) {
    return left[first + k * params.leftStride + row];
  }
  return transpose(left[first + row * params.leftStride + k]);
}

// Four depths at four columns: column n is column n.
fn rightBlock(item: u32, column: u32, k: u32) -> mat4x4f {
  let first = params.rightFirst + item * params.rightItem;
  if (RIGHT_TURNED) {
    return transpose(right[first + k * params.rightStride + column]);
  }
  return right[first + column * params.rightStride + k];
}

fn ownBlock(item: u32, row: u32, column: u32) -> mat4x4f {
  return transpose(own[item * params.productItem + row * params.columnBlocks + column]);
}

fn squares(l: mat4x4f, r: vec4f) -> vec4f {
  let a = l[0] - r.x;
  let b = l[1] - r.y;
  let c = l[2] - r.z;
  let d = l[3] - r.w;
  return a * a + b * b + (c * c + d * d);
}

fn pulls(l: mat4x4f, r: vec4f, x: vec4f) -> vec4f {
  return l[0] * (x - r.x) + l[1] * (x - r.y) + (l[2] * (x - r.z) + l[3] * (x - r.w));
}

fn met(l: mat4x4f, r: mat4x4f, x: mat4x4f) -> mat4x4f {
  if (METHOD == 1u) {
    return mat4x4f(squares(l, r[0]), squares(l, r[1]), squares(l, r[2]), squares(l, r[3]));
  }
  if (METHOD == 2u) {
    return mat4x4f(pulls(l, r[0], x[0]), pulls(l, r[1], x[1]), pulls(l, r[2], x[2]),
      pulls(l, r[3], x[3]));
  }
  return l * r;
}

fn storeBlock(item: u32, row: u32, column: u32, sum: mat4x4f) {
  if (row < params.rowBlocks && column < params.columnBlocks) {
    let at = params.productFirst + item * params.productItem + row * params.productStride + column;
    var block = transpose(sum);
    if (SCALED) {
      let l = leftInverses[params.leftLine + item * params.rowBlocks + row];
      let r = rightInverses[params.rightLine + item * params.columnBlocks + column];
      // Lengths first: a set against itself then has the same bits at (i, j) and (j, i).
      block = mat4x4f(block[0] * (l.x * r), block[1] * (l.y * r), block[2] * (l.z * r),
        block[3] * (l.w * r));
    }
    if (ACCUMULATE) {
      block += product[at];
    }
    product[at] = block;
  }
}
