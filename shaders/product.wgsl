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

fn leftNumber(item: u32, row: u32, four: u32, lane: u32) -> f32 {
  let at = leftPlace(item, row, four);
  return left[at.x][at.y][lane];
}

// The same of block (row, k) where the left side lies row by row.
fn leftInRows(item: u32, row: u32, k: u32, lane: u32) -> vec4f {
  if (LEFT_TURNED) {
    return vec4f(leftNumber(item, 4u * k, row, lane), leftNumber(item, 4u * k + 1u, row, lane),
      leftNumber(item, 4u * k + 2u, row, lane), leftNumber(item, 4u * k + 3u, row, lane));
  }
  let at = leftPlace(item, 4u * row + lane, k);
  return left[at.x][at.y];
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
  if (LEFT_ROWS) {
    return leftInRows(tile.item, row, k, lane);
  }
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
fn readOwn(tile: Tile, lane: u32) {
  for (var slot = 0u; slot < SLOTS; slot++) {
    let block = rowOf(tile, slot / ACROSS) * params.columnBlocks + columnOf(tile, slot % ACROSS);
    pulled[slot] = turned(own[tile.item * params.productItem + block][lane], lane);
  }
}

fn stepRow(tile: Tile, down: u32, k: u32, lane: u32, near: Columns, far: Columns) {
  let l = leftAt(tile, down, k, lane);
  meetFour(down * ACROSS, l, near);
  if (ACROSS > 4u) {
    meetFour(down * ACROSS + 4u, l, far);
  }
}

fn stepFour(tile: Tile, down: u32, k: u32, lane: u32, near: Columns, far: Columns) {
  stepRow(tile, down, k, lane, near, far);
  stepRow(tile, down + 1u, k, lane, near, far);
  stepRow(tile, down + 2u, k, lane, near, far);
  stepRow(tile, down + 3u, k, lane, near, far);
}

fn joinParts() {
  joinSixteen(0u);
  if (SLOTS > 16u) {
    joinSixteen(16u);
    joinSixteen(32u);
    joinSixteen(48u);
  }
  if (SLOTS > 64u) {
    joinSixteen(64u);
    joinSixteen(80u);
    joinSixteen(96u);
    joinSixteen(112u);
  }
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = params.firstTile + group.y * params.gridWidth + group.x;
  let tile = tileAt(min(index, params.tiles - 1u), DOWN, ACROSS);
  if (PULLS) {
    readOwn(tile, lane);
  }
  for (var begin = 0u; begin < params.depthBlocks; begin += params.part) {
    let end = min(begin + params.part, params.depthBlocks);
    parts = array<vec4f, SLOTS>();
    for (var k = begin; k < end; k++) {
      let near = columnsAt(tile, 0u, k, lane);
      var far = Columns();
      if (ACROSS > 4u) {
        far = columnsAt(tile, 4u, k, lane);
      }
      stepFour(tile, 0u, k, lane, near, far);
      if (DOWN > 4u) {
        stepFour(tile, 4u, k, lane, near, far);
      }
      if (DOWN > 8u) {
        stepFour(tile, 8u, k, lane, near, far);
        stepFour(tile, 12u, k, lane, near, far);
      }
    }
    joinParts();
  }
  if (index >= params.tiles) {
    return;
  }
  // A loop, for that many stores in a row would take longer to compile than all the rest.
  for (var slot = 0u; slot < SLOTS; slot++) {
    let line = turned(sums[slot], lane);
    storeRow(tile.item, tile.row + slot / ACROSS, tile.column + slot % ACROSS, lane, line);
  }
}
