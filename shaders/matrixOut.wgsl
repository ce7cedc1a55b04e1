// Similarities from blocks to rows as the caller reads them, scaled and shifted.

@group(0) @binding(1) var<storage, read> similarities: array<f32>;  // (batch, rowBlocks, columnBlocks, 4 rows, 4)
@group(0) @binding(2) var<storage, read> scales: array<f32>;  // (3) scale, bias, chain
@group(0) @binding(3) var<storage, read_write> scores: array<f32>;  // (batch, rows, columns)

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = (group.y * params.gridWidth + group.x) * 64u + thread;
  if (at >= params.batch * params.rows * params.columns) {
    return;
  }
  let column = at % params.columns;
  let row = params.firstRow + at / params.columns % params.rows;
  let item = at / (params.columns * params.rows);
  let block = (item * params.rowBlocks + row / 4u) * params.columnBlocks + column / 4u;
  let s = similarities[(block * 4u + row % 4u) * 4u + column % 4u];
  scores[params.scoresStart + at] = scales[0] * s + scales[1];
}
