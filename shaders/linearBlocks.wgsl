// Reads rows of a tensor into blocks of 4 x 4, as products take them: zeros beyond the edges, and in rows
// that are not kept. A thread takes four numbers of a row.

@group(0) @binding(4) var<storage, read_write> blocks: array<vec4u>;  // (rowBlocks, depthBlocks, 4 rows) bits of f32

fn bitsAt(row: u32, k: u32) -> u32 {
  return select(0u, firstBits(row * params.depth + min(k, params.depth - 1u)), k < params.depth);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = (group.y * params.gridWidth + group.x) * 64u + thread;
  if (at >= params.fours) {
    return;
  }
  let block = at / 4u;
  let row = block / params.depthBlocks * 4u + at % 4u;
  let k = block % params.depthBlocks * 4u;
  var bits = vec4u(0u);
  if (row < params.rows) {
    if (isKept(row)) {
      bits = vec4u(bitsAt(row, k), bitsAt(row, k + 1u), bitsAt(row, k + 2u), bitsAt(row, k + 3u));
    }
  }
  blocks[at] = bits;
}
