// A product of two matrices in blocks of 4 x 4, for adapters without a GPU: four lanes share a tile of
// DOWN x ACROSS blocks (4 x 4, 8 x 8 or 16 x 8), each with one row of every block, and no lane waits for another.
// Such an adapter pays for reads (twenty times a multiplication, wherever the number lies) and for what it
// carries from one depth to the next: so tiles are large, a lane reads one row of each block of the left
// and one column of each of the right, and a sum is carried once for four depths. Depth is summed in
// parts: one running f32 sum over 1536 is off by 2e-6, and a sharp softmax multiplies what it is off by.

// Four depths of the lane's row.
fn leftLine(at: u32, lane: u32) -> vec4f {
  if (LEFT_TURNED) {
    return vec4f(left[at][0][lane], left[at][1][lane], left[at][2][lane], left[at][3][lane]);
  }
  return left[at][lane];
}

// Four depths of the lane's column.
fn rightLine(at: u32, lane: u32) -> vec4f {
  if (RIGHT_TURNED) {
    return vec4f(right[at][0][lane], right[at][1][lane], right[at][2][lane], right[at][3][lane]);
  }
  return right[at][lane];
}

// The last block stands in for those beyond the edge, which are never stored.
fn rowOf(tile: Tile, n: u32) -> u32 {
  return min(tile.row + n, params.rowBlocks - 1u);
}

fn columnOf(tile: Tile, n: u32) -> u32 {
  return min(tile.column + n, params.columnBlocks - 1u);
}

fn leftAt(tile: Tile, n: u32, k: u32, lane: u32) -> vec4f {
  let row = rowOf(tile, n);
  let inside = select(row * params.leftStride + k, k * params.leftStride + row, LEFT_TURNED);
  return leftLine(params.leftFirst + tile.item * params.leftItem + inside, lane);
}

fn rightAt(tile: Tile, n: u32, k: u32, lane: u32) -> Turned {
  let column = columnOf(tile, n);
  let inside = select(column * params.rightStride + k, k * params.rightStride + column, RIGHT_TURNED);
  return turnedAt(params.rightFirst + tile.item * params.rightItem + inside, lane);
}

fn columnsAt(tile: Tile, n: u32, k: u32, lane: u32) -> Columns {
  return Columns(rightAt(tile, n, k, lane), rightAt(tile, n + 1u, k, lane),
    rightAt(tile, n + 2u, k, lane), rightAt(tile, n + 3u, k, lane));
}

// What the gradients are of, in the places of the sums.
fn ownAt(tile: Tile, down: u32, across: u32, lane: u32) -> vec4f {
  let block = rowOf(tile, down) * params.columnBlocks + columnOf(tile, across);
  return turned(own[tile.item * params.productItem + block][lane], lane);
}

fn ownHalf(tile: Tile, down: u32, across: u32, lane: u32) -> mat4x4f {
  return mat4x4f(ownAt(tile, down, across, lane), ownAt(tile, down, across + 1u, lane),
    ownAt(tile, down, across + 2u, lane), ownAt(tile, down, across + 3u, lane));
}

fn ownLine(tile: Tile, down: u32, lane: u32) -> Line {
  return Line(ownHalf(tile, down, 0u, lane), ownHalf(tile, down, 4u, lane));
}

fn ownLines(tile: Tile, down: u32, lane: u32) -> Lines {
  if (!PULLS) {
    return Lines();
  }
  return Lines(ownLine(tile, down, lane), ownLine(tile, down + 1u, lane),
    ownLine(tile, down + 2u, lane), ownLine(tile, down + 3u, lane));
}

fn stepped(
  sum: Lines, tile: Tile, down: u32, k: u32, lane: u32, near: Columns, far: Columns, x: Lines,
) -> Lines {
  return Lines(steppedLine(sum.a, leftAt(tile, down, k, lane), near, far, x.a),
    steppedLine(sum.b, leftAt(tile, down + 1u, k, lane), near, far, x.b),
    steppedLine(sum.c, leftAt(tile, down + 2u, k, lane), near, far, x.c),
    steppedLine(sum.d, leftAt(tile, down + 3u, k, lane), near, far, x.d));
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = params.firstTile + group.y * params.gridWidth + group.x;
  let tile = tileAt(min(index, params.tiles - 1u), DOWN, ACROSS);
  let own0 = ownLines(tile, 0u, lane);
  let own1 = ownLines(tile, 4u, lane);
  let own2 = ownLines(tile, 8u, lane);
  let own3 = ownLines(tile, 12u, lane);
  var sum0 = Lines();
  var sum1 = Lines();
  var sum2 = Lines();
  var sum3 = Lines();
  for (var begin = 0u; begin < params.depthBlocks; begin += params.part) {
    let end = min(begin + params.part, params.depthBlocks);
    var part0 = Lines();
    var part1 = Lines();
    var part2 = Lines();
    var part3 = Lines();
    for (var k = begin; k < end; k++) {
      let near = columnsAt(tile, 0u, k, lane);
      var far = Columns();
      if (ACROSS > 4u) {
        far = columnsAt(tile, 4u, k, lane);
      }
      part0 = stepped(part0, tile, 0u, k, lane, near, far, own0);
      if (DOWN > 4u) {
        part1 = stepped(part1, tile, 4u, k, lane, near, far, own1);
      }
      if (DOWN > 8u) {
        part2 = stepped(part2, tile, 8u, k, lane, near, far, own2);
        part3 = stepped(part3, tile, 12u, k, lane, near, far, own3);
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
