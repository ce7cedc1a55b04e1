// Turns sums of squared differences into distances. Where the sum says that squares have overflowed or
// vanished, it is made again from scaled differences.

@group(0) @binding(1) var<storage, read> left: array<f32>;  // (rowBlocks, depthBlocks, 4 rows, 4)
@group(0) @binding(2) var<storage, read> right: array<f32>;  // (columnBlocks, depthBlocks, 4 rows, 4)
@group(0) @binding(3) var<storage, read_write> distances: array<f32>;  // (rowBlocks, columnBlocks, 4 rows, 4)

fn element(row: u32, k: u32) -> u32 {
  return ((row / 4u * params.depthBlocks + k / 4u) * 4u + row % 4u) * 4u + k % 4u;
}

fn careful(row: u32, column: u32) -> f32 {
  var top = 0.0;
  for (var k = 0u; k < params.depth; k++) {
    top = max(top, abs(left[element(row, k)] - right[element(column, k)]));
  }
  let bits = bitcast<u32>(top);
  if (bits < 0x00800000u || !isFiniteBits(bits)) {
    return select(top, 0.0, bits < 0x00800000u);
  }
  let scale = bitcast<f32>((254u - min(bits >> 23u, 253u)) << 23u);
  var sum = 0.0;
  for (var k = 0u; k < params.depth; k++) {
    let x = scale * (left[element(row, k)] - right[element(column, k)]);
    sum += x * x;
  }
  let length = sqrt(sum);
  if (SQUARED) {
    return length * (length / scale) / scale;
  }
  return length / scale;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = (group.y * params.gridWidth + group.x) * 64u + thread;
  let column = index / 16u % params.columnBlocks;
  let row = index / 16u / params.columnBlocks;  // of all matrices of the batch
  if (row >= params.items * params.rowBlocks) {
    return;
  }
  let at = (row * params.stride + params.firstColumn + column) * 16u + index % 16u;
  let sum = distances[at];
  let bits = bitcast<u32>(sum);
  if (isNanBits(bits)) {
    return;
  }
  // Between 1e-30 and 1e38 no square that matters was lost.
  if (sum > 1e-30 && sum < 1e38) {
    distances[at] = select(sqrt(sum), sum, SQUARED);
  } else {
    let item = row / params.rowBlocks;
    let other = (item * params.columnBlocks + column) * 4u + index % 4u;
    distances[at] = careful(row * 4u + index % 16u / 4u, other);
  }
}
