// The gradient of the bias: sums of the slopes of the logits over the rows of a turn. A thread takes four
// columns, and sums 64 rows apart: one running sum over all would drift.

@group(0) @binding(1) var<storage, read> slopes: array<vec4f>;  // (rows, fours)
@group(0) @binding(2) var<storage, read_write> sums: array<vec4f>;  // (fours)

const PART: u32 = 64u;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let four = (group.y * params.gridWidth + group.x) * 64u + thread;
  if (four >= params.fours) {
    return;
  }
  var sum = vec4f();
  for (var begin = 0u; begin < params.rows; begin += PART) {
    let end = min(begin + PART, params.rows);
    var part = vec4f();
    for (var row = begin; row < end; row++) {
      part += slopes[row * params.fours + four];
    }
    sum += part;
  }
  if (ACCUMULATE) {
    sum += sums[four];
  }
  sums[four] = sum;
}
