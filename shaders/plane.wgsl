// Numbers of a chunk of rows, put where the result of all rows lies.

@group(0) @binding(1) var<storage, read> plane: array<u32>;  // (rows of a chunk)
@group(0) @binding(2) var<storage, read_write> whole: array<u32>;  // (rows)

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = (group.y * params.gridWidth + group.x) * 64u + thread;
  if (at < params.count) {
    whole[params.wholeStart + at] = plane[params.planeStart + at];
  }
}
