// Similarities from blocks to rows as the caller reads them, scaled and shifted. A thread takes a block:
// a software adapter divides one number after another, each dearer than a product.

@group(0) @binding(1) var<storage, read> similarities: array<mat4x4f>;  // (batch, rowBlocks, columnBlocks)
@group(0) @binding(2) var<storage, read> scales: array<f32>;  // (3) scale, bias, chain
@group(0) @binding(3) var<storage, read_write> scores: array<f32>;  // (batch, rows, columns)

fn store(line: u32, column: u32, score: f32) {
  if (column < params.columns) {
    scores[params.scoresStart + line * params.columns + column] = score;
  }
}

fn storeLine(item: u32, row: u32, column: u32, scored: vec4f) {
  let place = row - params.firstRow;
  if (place < params.rows) {
    let line = item * params.rows + place;
    store(line, column, scored.x);
    store(line, column + 1u, scored.y);
    store(line, column + 2u, scored.z);
    store(line, column + 3u, scored.w);
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = (group.y * params.gridWidth + group.x) * 64u + thread;
  let place = at / params.across;
  let item = place / params.down;
  if (item >= params.batch) {
    return;
  }
  let across = at - place * params.across;
  let down = params.firstRow / 4u + place - item * params.down;
  let block = similarities[(item * params.rowBlocks + down) * params.columnBlocks + across];
  storeLine(item, 4u * down, 4u * across, scales[0] * block[0] + scales[1]);
  storeLine(item, 4u * down + 1u, 4u * across, scales[0] * block[1] + scales[1]);
  storeLine(item, 4u * down + 2u, 4u * across, scales[0] * block[2] + scales[1]);
  storeLine(item, 4u * down + 3u, 4u * across, scales[0] * block[3] + scales[1]);
}
