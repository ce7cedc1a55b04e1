// Takes gradients from blocks back to the vectors as the caller gave them: where NORMALISED less what
// points along the vector. A row without direction has gradient exactly 0.

@group(0) @binding(1) var<storage, read> vectors: array<f32>;  // (rowBlocks, depthBlocks, 4 rows, 4)
@group(0) @binding(2) var<storage, read> slopes: array<f32>;  // (rowBlocks, depthBlocks, 4 rows, 4)
@group(0) @binding(3) var<storage, read> powers: array<f32>;  // (all rows) powers of two
@group(0) @binding(4) var<storage, read> inverses: array<f32>;  // (all rows) 1 / length
@group(0) @binding(5) var<storage, read> lean: array<f32>;  // (all rows)
@group(0) @binding(6) var<storage, read_write> gradient: array<f32>;  // (rows, depth)

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = (group.y * params.gridWidth + group.x) * 64u + thread;
  if (at >= params.count) {
    return;
  }
  let given = at / params.depth;
  let row = params.firstRow + given / params.rows * params.padded + given % params.rows;
  let k = at % params.depth;
  let slot = row - params.boundRow;
  let place = ((slot / 4u * params.depthBlocks + k / 4u) * 4u + slot % 4u) * 4u + k % 4u;
  var g = slopes[place];
  if (NORMALISED) {
    let across = (g - lean[row] * vectors[place]) * powers[row];
    // One number alone cannot turn: what is left of the difference is noise.
    let isFixed = params.depth == 1u && isFiniteBits(bitcast<u32>(across));
    g = select(across, 0.0, inverses[row] == 0.0 || isFixed);
  }
  gradient[params.gradientStart + at] = g;
}
