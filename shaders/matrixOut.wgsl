// Similarities from blocks to rows as the caller reads them, scaled and shifted. A thread takes four
// columns of a row: a software adapter divides one number after another, each dearer than a product.

@group(0) @binding(1) var<storage, read> similarities: array<vec4f>;  // (batch, rowBlocks, columnBlocks, 4 rows)
@group(0) @binding(2) var<storage, read> scales: array<f32>;  // (3) scale, bias, chain
@group(0) @binding(3) var<storage, read_write> scores: array<f32>;  // (batch, rows, columns)

fn store(line: u32, column: u32, score: f32) {
  if (column < params.columns) {
    scores[params.scoresStart + line * params.columns + column] = score;
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = (group.y * params.gridWidth + group.x) * 64u + thread;
  let line = at / params.quads;
  if (line >= params.batch * params.rows) {
    return;
  }
  let quad = at - line * params.quads;
  let item = line / params.rows;
  let row = params.firstRow + line - item * params.rows;
  let block = (item * params.rowBlocks + row / 4u) * params.columnBlocks + quad;
  let score = scales[0] * similarities[4u * block + row % 4u] + scales[1];
  store(line, 4u * quad, score.x);
  store(line, 4u * quad + 1u, score.y);
  store(line, 4u * quad + 2u, score.z);
  store(line, 4u * quad + 3u, score.w);
}
