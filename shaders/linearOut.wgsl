// Gradients from rows that fill fours to rows as the caller reads them; exactly 0 in rows that are not kept.

@group(0) @binding(1) var<storage, read> slopes: array<f32>;  // (rows, 4 depthBlocks)
@group(0) @binding(4) var<storage, read_write> gradient: array<f32>;  // (rows, depth)

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = (group.y * params.gridWidth + group.x) * 64u + thread;
  if (at >= params.rows * params.depth) {
    return;
  }
  let row = at / params.depth;
  var slope = 0.0;
  if (isKept(row)) {
    slope = slopes[row * 4u * params.depthBlocks + at % params.depth];
  }
  gradient[params.gradientStart + at] = slope;
}
