// A product of two matrices in blocks of 4 x 4, for adapters without a GPU: four lanes share a tile of
// DOWN x ACROSS blocks (4 x 4, 8 x 8 or 16 x 8), each with one row of every block, and no lane waits for another. Such an
// adapter pays for reads (ten times a multiplication, wherever the number lies) and for what it carries
// from one depth to the next: so tiles are large, the four lanes read a block of the right side
// together (`wholeBlock`), and a sum is carried once for four depths. Depth is summed in parts of 32:
// one running f32 sum over 1536 is off by 1.7e-6, parts of 32 by 4e-7.

// Four neighbours; the last block stands in for those beyond the edge, which are never stored.
fn four(first: u32, count: u32) -> vec4u {
  return min(vec4u(first) + vec4u(0u, 1u, 2u, 3u), vec4u(count - 1u));
}

// Four depths of the lane's row.
fn leftLine(at: u32, lane: u32) -> vec4f {
  if (LEFT_TURNED) {
    return vec4f(left[at][0][lane], left[at][1][lane], left[at][2][lane], left[at][3][lane]);
  }
  return left[at][lane];
}

fn leftLines(at: vec4u, lane: u32) -> mat4x4f {
  return mat4x4f(leftLine(at.x, lane), leftLine(at.y, lane), leftLine(at.z, lane),
    leftLine(at.w, lane));
}

fn rightBlock(at: u32, lane: u32) -> mat4x4f {
  if (RIGHT_TURNED) {
    return wholeBlock(at, lane);
  }
  return transpose(wholeBlock(at, lane));
}

fn rightBlocks(at: vec4u, lane: u32) -> Blocks {
  return Blocks(rightBlock(at.x, lane), rightBlock(at.y, lane), rightBlock(at.z, lane),
    rightBlock(at.w, lane));
}

fn ownHalf(first: u32, columns: vec4u, lane: u32) -> mat4x4f {
  return mat4x4f(own[first + columns.x][lane], own[first + columns.y][lane],
    own[first + columns.z][lane], own[first + columns.w][lane]);
}

fn ownLine(first: u32, tile: Tile, lane: u32) -> Line {
  return Line(ownHalf(first, four(tile.column, params.columnBlocks), lane),
    ownHalf(first, four(tile.column + 4u, params.columnBlocks), lane));
}

// What the gradients are of, in the places of the sums.
fn ownLines(tile: Tile, down: u32, lane: u32) -> Lines {
  if (!PULLS) {
    return Lines();
  }
  let rows = four(tile.row + down, params.rowBlocks) * params.columnBlocks;
  let first = tile.item * params.productItem + rows;
  return Lines(ownLine(first.x, tile, lane), ownLine(first.y, tile, lane),
    ownLine(first.z, tile, lane), ownLine(first.w, tile, lane));
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = params.firstTile + group.y * params.gridWidth + group.x;
  let tile = tileAt(min(index, params.tiles - 1u), DOWN, ACROSS);
  let leftStep = select(1u, params.leftStride, LEFT_TURNED);
  let leftFirst = params.leftFirst + tile.item * params.leftItem;
  let rowStep = select(params.leftStride, 1u, LEFT_TURNED);
  let rows0 = leftFirst + four(tile.row, params.rowBlocks) * rowStep;
  let rows1 = leftFirst + four(tile.row + 4u, params.rowBlocks) * rowStep;
  let rows2 = leftFirst + four(tile.row + 8u, params.rowBlocks) * rowStep;
  let rows3 = leftFirst + four(tile.row + 12u, params.rowBlocks) * rowStep;
  let rightStep = select(1u, params.rightStride, RIGHT_TURNED);
  let rightFirst = params.rightFirst + tile.item * params.rightItem;
  let columnStep = select(params.rightStride, 1u, RIGHT_TURNED);
  let columns = rightFirst + four(tile.column, params.columnBlocks) * columnStep;
  let farColumns = rightFirst + four(tile.column + 4u, params.columnBlocks) * columnStep;
  let own0 = ownLines(tile, 0u, lane);
  let own1 = ownLines(tile, 4u, lane);
  let own2 = ownLines(tile, 8u, lane);
  let own3 = ownLines(tile, 12u, lane);
  var sum0 = Lines();
  var sum1 = Lines();
  var sum2 = Lines();
  var sum3 = Lines();
  for (var begin = 0u; begin < params.depthBlocks; begin += 8u) {
    let end = min(begin + 8u, params.depthBlocks);
    var part0 = Lines();
    var part1 = Lines();
    var part2 = Lines();
    var part3 = Lines();
    for (var k = begin; k < end; k++) {
      let near = rightBlocks(columns + k * rightStep, lane);
      var far = Blocks();
      if (ACROSS > 4u) {
        far = rightBlocks(farColumns + k * rightStep, lane);
      }
      let along = k * leftStep;
      part0 = stepped(part0, leftLines(rows0 + along, lane), near, far, own0);
      if (DOWN > 4u) {
        part1 = stepped(part1, leftLines(rows1 + along, lane), near, far, own1);
      }
      if (DOWN > 8u) {
        part2 = stepped(part2, leftLines(rows2 + along, lane), near, far, own2);
        part3 = stepped(part3, leftLines(rows3 + along, lane), near, far, own3);
      }
    }
    sum0 = added(sum0, part0);
    sum1 = added(sum1, part1);
    sum2 = added(sum2, part2);
    sum3 = added(sum3, part3);
  }
  if (index >= params.tiles) {
    return;
  }
  storeLines(tile, 0u, lane, sum0);
  if (DOWN > 4u) {
    storeLines(tile, 4u, lane, sum1);
  }
  if (DOWN > 8u) {
    storeLines(tile, 8u, lane, sum2);
    storeLines(tile, 12u, lane, sum3);
  }
}
