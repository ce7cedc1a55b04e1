// What a lane of `product.wgsl` holds of its tile: one row of each block, side by side and below one
// another. Passed on whole, for a variable that is changed in place would be stored again for each part.

// The lane's row of eight blocks side by side, as two matrices.
struct Line { near: mat4x4f, far: mat4x4f }
// The same in four rows of blocks.
struct Lines { a: Line, b: Line, c: Line, d: Line }
// Four blocks of the right side: four depths (columns) at four columns each.
struct Blocks { a: mat4x4f, b: mat4x4f, c: mat4x4f, d: mat4x4f }

fn met(r: mat4x4f, l: vec4f, x: vec4f) -> vec4f {
  if (METHOD == 1u) {
    return squares(r, l);
  }
  if (PULLS) {
    return (x - r[0]) * l.x + (x - r[1]) * l.y + ((x - r[2]) * l.z + (x - r[3]) * l.w);
  }
  return r * l;
}

fn halfMet(l: vec4f, r: Blocks, x: mat4x4f) -> mat4x4f {
  return mat4x4f(met(r.a, l, x[0]), met(r.b, l, x[1]), met(r.c, l, x[2]), met(r.d, l, x[3]));
}

fn steppedLine(sum: Line, l: vec4f, near: Blocks, far: Blocks, x: Line) -> Line {
  if (ACROSS == 4u) {
    return Line(sum.near + halfMet(l, near, x.near), sum.far);
  }
  return Line(sum.near + halfMet(l, near, x.near), sum.far + halfMet(l, far, x.far));
}

fn stepped(sum: Lines, l: mat4x4f, near: Blocks, far: Blocks, x: Lines) -> Lines {
  return Lines(steppedLine(sum.a, l[0], near, far, x.a), steppedLine(sum.b, l[1], near, far, x.b),
    steppedLine(sum.c, l[2], near, far, x.c), steppedLine(sum.d, l[3], near, far, x.d));
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
      storeRow(tile.item, tile.row + down + n / 8u, tile.column + across, lane, halves[n / 4u][n % 4u]);
    }
  }
}
