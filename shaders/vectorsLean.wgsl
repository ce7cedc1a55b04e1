// How far a gradient points along its vector, row by row: what the division by the length takes away
// again.

@group(0) @binding(1) var<storage, read> vectors: array<vec4f>;  // (rowBlocks, depthBlocks, 4 rows)
@group(0) @binding(2) var<storage, read> slopes: array<vec4f>;  // (rowBlocks, depthBlocks, 4 rows)
@group(0) @binding(3) var<storage, read> inverses: array<f32>;  // (all rows) 1 / length
@group(0) @binding(4) var<storage, read_write> lean: array<f32>;  // (all rows)

const LINES: u32 = ROWS;
const THREADS: u32 = LANES * ROWS;

alias Joint = f32;

fn joined(a: Joint, b: Joint) -> Joint {
  return a + b;
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = (group.y * params.gridWidth + group.x) * ROWS + thread % ROWS;
  let lane = thread / ROWS;
  var sum = vec4f(0.0);
  if (place < params.rows) {
    for (var quad = lane; quad < params.depthBlocks; quad += LANES) {
      let at = (place / 4u * params.depthBlocks + quad) * 4u + place % 4u;
      sum += vectors[at] * slopes[at];
    }
  }
  let whole = joinedLanes(dot(sum, vec4f(1.0)), thread);
  if (place < params.rows && lane == 0u) {
    let inverse = inverses[params.firstRow + place];
    lean[params.firstRow + place] = whole * inverse * inverse;
  }
}
