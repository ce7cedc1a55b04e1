// A product of two matrices in blocks of 4 x 4, for adapters without a GPU: every lane makes up to
// DOWN x ACROSS blocks in registers, and no lane waits for another. Depth is summed in parts of 32:
// one running f32 sum over 1536 is off by 1.7e-6, parts of 32 by 4e-7.

// Up to four blocks, one below the other.
struct Strip { a: mat4x4f, b: mat4x4f, c: mat4x4f, d: mat4x4f }

fn noStrip() -> Strip {
  return Strip(mat4x4f(), mat4x4f(), mat4x4f(), mat4x4f());
}

// The last block stands in for those beyond the edge, which are never stored.
fn rowBelow(row: u32, step: u32) -> u32 {
  return min(row + step, params.rowBlocks - 1u);
}

fn leftStrip(item: u32, row: u32, k: u32) -> Strip {
  var strip = noStrip();
  strip.a = leftBlock(item, row, k);
  if (DOWN > 1u) {
    strip.b = leftBlock(item, rowBelow(row, 1u), k);
  }
  if (DOWN > 2u) {
    strip.c = leftBlock(item, rowBelow(row, 2u), k);
    strip.d = leftBlock(item, rowBelow(row, 3u), k);
  }
  return strip;
}

fn ownStrip(item: u32, row: u32, column: u32) -> Strip {
  var strip = noStrip();
  if (PULLS) {
    strip.a = ownBlock(item, row, column);
    strip.b = ownBlock(item, rowBelow(row, 1u), column);
    strip.c = ownBlock(item, rowBelow(row, 2u), column);
    strip.d = ownBlock(item, rowBelow(row, 3u), column);
  }
  return strip;
}

fn stepped(sum: Strip, l: Strip, r: mat4x4f, own: Strip) -> Strip {
  var strip = sum;
  strip.a += met(l.a, r, own.a);
  if (DOWN > 1u) {
    strip.b += met(l.b, r, own.b);
  }
  if (DOWN > 2u) {
    strip.c += met(l.c, r, own.c);
    strip.d += met(l.d, r, own.d);
  }
  return strip;
}

fn added(x: Strip, y: Strip) -> Strip {
  return Strip(x.a + y.a, x.b + y.b, x.c + y.c, x.d + y.d);
}

fn storeStrip(item: u32, row: u32, column: u32, strip: Strip) {
  storeBlock(item, row, column, strip.a);
  if (DOWN > 1u) {
    storeBlock(item, row + 1u, column, strip.b);
  }
  if (DOWN > 2u) {
    storeBlock(item, row + 2u, column, strip.c);
    storeBlock(item, row + 3u, column, strip.d);
  }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = params.firstTile + (group.y * params.gridWidth + group.x) * LANES + lane;
  if (index >= params.tiles) {
    return;
  }
  let tile = tileAt(index, DOWN, ACROSS);
  let item = tile.item;
  let row = tile.row;
  let column = tile.column;
  let last = params.columnBlocks - 1u;
  let own0 = ownStrip(item, row, column);
  let own1 = ownStrip(item, row, min(column + 1u, last));
  let own2 = ownStrip(item, row, min(column + 2u, last));
  let own3 = ownStrip(item, row, min(column + 3u, last));
  var sum0 = noStrip();
  var sum1 = noStrip();
  var sum2 = noStrip();
  var sum3 = noStrip();
  for (var begin = 0u; begin < params.depthBlocks; begin += 8u) {
    let end = min(begin + 8u, params.depthBlocks);
    var part0 = noStrip();
    var part1 = noStrip();
    var part2 = noStrip();
    var part3 = noStrip();
    for (var k = begin; k < end; k++) {
      let l = leftStrip(item, row, k);
      part0 = stepped(part0, l, rightBlock(item, column, k), own0);
      if (ACROSS > 1u) {
        part1 = stepped(part1, l, rightBlock(item, min(column + 1u, last), k), own1);
      }
      if (ACROSS > 2u) {
        part2 = stepped(part2, l, rightBlock(item, min(column + 2u, last), k), own2);
        part3 = stepped(part3, l, rightBlock(item, min(column + 3u, last), k), own3);
      }
    }
    sum0 = added(sum0, part0);
    sum1 = added(sum1, part1);
    sum2 = added(sum2, part2);
    sum3 = added(sum3, part3);
  }
  storeStrip(item, row, column, sum0);
  if (ACROSS > 1u) {
    storeStrip(item, row, column + 1u, sum1);
  }
  if (ACROSS > 2u) {
    storeStrip(item, row, column + 2u, sum2);
    storeStrip(item, row, column + 3u, sum3);
  }
}
