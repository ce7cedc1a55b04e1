// A product of two matrices in blocks of 4 x 4, for GPUs: 256 lanes share tiles of 16 x 16 (or 16 x 32)
// blocks in workgroup memory, four depths of blocks at a time. A lane makes one block, or two side by
// side. A block lies there by columns, 16 or 32 blocks apart, so that no two lanes meet in a bank.

const WIDE: u32 = 16u * ACROSS;
const LEFT_SIZE: u32 = 256u;
const RIGHT_SIZE: u32 = 256u * ACROSS;
const STEP: u32 = 4u;

var<workgroup> leftTile: array<vec4f, LEFT_SIZE>;
var<workgroup> rightTile: array<vec4f, RIGHT_SIZE>;

fn leftFour(item: u32, row: u32, four: u32) -> vec4f {
  let at = leftPlace(item, row, four);
  return left[at.x][at.y];
}

// Four rows at four depths: column k is depth k.
fn leftBlock(item: u32, row: u32, k: u32) -> mat4x4f {
  if (LEFT_ROWS) {
    let lines = 4u * select(row, k, LEFT_TURNED);
    let four = select(k, row, LEFT_TURNED);
    let m = mat4x4f(leftFour(item, lines, four), leftFour(item, lines + 1u, four),
      leftFour(item, lines + 2u, four), leftFour(item, lines + 3u, four));
    if (LEFT_TURNED) { return m; }
    return transpose(m);
  }
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
  let block = transpose(sum);
  storeRow(item, row, column, 0u, block[0]);
  storeRow(item, row, column, 1u, block[1]);
  storeRow(item, row, column, 2u, block[2]);
  storeRow(item, row, column, 3u, block[3]);
}

// Lanes 0 .. 63 fetch a block of the left each, the next 64 or 128 one of the right.
fn fetchTile(tile: Tile, begin: u32, lane: u32) {
  let slot = select(lane - 64u, lane, lane < 64u);
  let k = begin + slot % STEP;
  let block = slot / STEP;
  let there = k < params.depthBlocks;
  if (lane < 64u) {
    var l = mat4x4f();
    if (there) {
      l = leftBlock(tile.item, min(tile.row + block, params.rowBlocks - 1u), k);
    }
    for (var q = 0u; q < 4u; q++) {
      leftTile[(slot % STEP * 4u + q) * 16u + block] = l[q];
    }
  } else if (slot < 64u * ACROSS) {
    var r = mat4x4f();
    if (there) {
      r = rightBlock(tile.item, min(tile.column + block, params.columnBlocks - 1u), k);
    }
    for (var q = 0u; q < 4u; q++) {
      rightTile[(slot % STEP * 4u + q) * WIDE + block] = r[q];
    }
  }
}

fn leftOf(k: u32, block: u32) -> mat4x4f {
  let at = k * 64u + block;
  return mat4x4f(leftTile[at], leftTile[at + 16u], leftTile[at + 32u], leftTile[at + 48u]);
}

fn rightOf(k: u32, block: u32) -> mat4x4f {
  let at = k * 4u * WIDE + block;
  return mat4x4f(rightTile[at], rightTile[at + WIDE], rightTile[at + 2u * WIDE],
    rightTile[at + 3u * WIDE]);
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = params.firstTile + group.y * params.gridWidth + group.x;
  let tile = tileAt(min(index, params.tiles - 1u), 16u, WIDE);
  let down = lane / 16u;
  let across = lane % 16u;
  let row = min(tile.row + down, params.rowBlocks - 1u);
  let last = params.columnBlocks - 1u;
  var own0 = mat4x4f();
  var own1 = mat4x4f();
  if (PULLS) {
    own0 = ownBlock(tile.item, row, min(tile.column + across, last));
    own1 = ownBlock(tile.item, row, min(tile.column + across + 16u, last));
  }
  var sum0 = mat4x4f();
  var sum1 = mat4x4f();
  for (var begin = 0u; begin < params.depthBlocks; begin += 2u * STEP) {
    var part0 = mat4x4f();
    var part1 = mat4x4f();
    for (var half = begin; half < begin + 2u * STEP; half += STEP) {
      workgroupBarrier();  // the tiles are still being read from the step before
      fetchTile(tile, half, lane);
      workgroupBarrier();  // and are not there before all lanes have fetched
      for (var k = 0u; k < STEP; k++) {
        let l = leftOf(k, down);
        part0 += met(l, rightOf(k, across), own0);
        if (ACROSS > 1u) {
          part1 += met(l, rightOf(k, across + 16u), own1);
        }
      }
    }
    sum0 += part0;
    sum1 += part1;
  }
  if (index < params.tiles) {
    storeBlock(tile.item, tile.row + down, tile.column + across, sum0);
    if (ACROSS > 1u) {
      storeBlock(tile.item, tile.row + down, tile.column + across + 16u, sum1);
    }
  }
}
