// What a lane of `product.wgsl` holds of its tile: one row of each block, side by side and below one
// another. Of a row's four numbers the first is the lane's own column, and number n that of lane
// `lane ^ n`: the lanes turn columns of the right side round, a tenth of the cost of reading them.

// The lane's row of eight blocks side by side, and of four such rows of blocks.
struct Line { near: mat4x4f, far: mat4x4f }
struct Lines { a: Line, b: Line, c: Line, d: Line }
// Four depths of the lane's column of a block, and of its neighbours' columns.
struct Turned { own: vec4f, x: vec4f, y: vec4f, diagonal: vec4f }
// The same of four blocks side by side.
struct Columns { a: Turned, b: Turned, c: Turned, d: Turned }

// Columns in the lane's own order, or back in theirs.
fn turned(v: vec4f, lane: u32) -> vec4f {
  let pairs = select(v, v.yxwz, (lane & 1u) != 0u);
  return select(pairs, pairs.zwxy, (lane & 2u) != 0u);
}

fn allMet(l: vec4f, r: Turned, x: vec4f) -> vec4f {
  return vec4f(met(l, r.own, x.x), met(l, r.x, x.y), met(l, r.y, x.z), met(l, r.diagonal, x.w));
}

fn steppedHalf(sum: mat4x4f, l: vec4f, r: Columns, x: mat4x4f) -> mat4x4f {
  return mat4x4f(sum[0] + allMet(l, r.a, x[0]), sum[1] + allMet(l, r.b, x[1]),
    sum[2] + allMet(l, r.c, x[2]), sum[3] + allMet(l, r.d, x[3]));
}

fn steppedLine(sum: Line, l: vec4f, near: Columns, far: Columns, x: Line) -> Line {
  if (ACROSS == 4u) {
    return Line(steppedHalf(sum.near, l, near, x.near), sum.far);
  }
  return Line(steppedHalf(sum.near, l, near, x.near), steppedHalf(sum.far, l, far, x.far));
}

fn addedLine(x: Line, y: Line) -> Line {
  return Line(x.near + y.near, x.far + y.far);
}

fn added(x: Lines, y: Lines) -> Lines {
  return Lines(addedLine(x.a, y.a), addedLine(x.b, y.b), addedLine(x.c, y.c), addedLine(x.d, y.d));
}

// A loop, for that many stores in a row would take longer to compile than all the rest.
fn storeLines(tile: Tile, down: u32, lane: u32, lines: Lines) {
  var halves = array<mat4x4f, 8>(lines.a.near, lines.a.far, lines.b.near, lines.b.far,
    lines.c.near, lines.c.far, lines.d.near, lines.d.far);
  for (var n = 0u; n < 32u; n++) {
    let across = n % 8u;
    if (across < ACROSS) {
      let line = turned(halves[n / 4u][n % 4u], lane);
      storeRow(tile.item, tile.row + down + n / 8u, tile.column + across, lane, line);
    }
  }
}
