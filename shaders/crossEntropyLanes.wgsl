// Cross-entropy, which row a lane has a share in, and which share. With SPLIT a workgroup has one part of a
// row, of `parts`.

// The row of a thread, or the last one where there is none for it.
fn rowOf(group: vec3u, thread: u32) -> Row {
  var turn = group.y * params.gridWidth + group.x;
  var part = 0u;
  if (SPLIT) {
    part = turn % params.parts;
    turn /= params.parts;
  }
  let place = turn * ROWS + thread / LANES;
  var row = rowAt(min(place, params.rows - 1u), thread & (LANES - 1u));
  row.part = part;
  row.head = headOf(row.origin);
  row.tiles = tilesOf(row);
  row.slot = part * LANES + row.lane;
  row.slots = LANES * select(1u, params.parts, SPLIT);
  row.exists = place < params.rows;
  row.counts &= row.exists;
  return row;
}

// The tiles of this workgroup's part.
fn tileRange(row: Row) -> vec2u {
  var range = vec2u(0u, row.tiles);
  if (SPLIT) {
    range = vec2u(row.part, row.part + 1u) * row.tiles / params.parts;
  }
  return range;
}

// The tile in which this lane meets the label.
fn labelTile(row: Row) -> u32 {
  let home = tileOfClass(row, row.label);
  return select(NONE, home.x, INDEXED & (home.y == row.lane));
}

// The four classes of a lane's quad, of which `at` is the first.
fn classesAt(row: Row, at: u32) -> vec4u {
  return classAt(row, at) + QUAD_CLASSES;
}

// How many of so many slots are this lane's.
fn turnsOf(row: Row, slots: u32) -> u32 {
  return (slots + row.slots - 1u - row.slot) / row.slots;
}
