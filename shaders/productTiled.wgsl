// A product of two matrices in blocks of 4 x 4, for GPUs: 256 lanes share tiles of 16 x 16 (or 16 x 32)
// blocks in workgroup memory, four depths of blocks at a time. A lane makes one block, or two side by
// side. A block lies there by columns, 16 or 32 blocks apart, so that no two lanes meet in a bank.

const WIDE: u32 = 16u * ACROSS;
const LEFT_SIZE: u32 = 256u;
const RIGHT_SIZE: u32 = 256u * ACROSS;
const STEP: u32 = 4u;

var<workgroup> leftTile: array<vec4f, LEFT_SIZE>;
var<workgroup> rightTile: array<vec4f, RIGHT_SIZE>;

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
