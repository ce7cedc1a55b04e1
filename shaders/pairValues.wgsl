// The loss of a row from the sums of its chunks.

struct RowInfo { label: u32, valueFactor: f32, gradientFactor: f32 }

@group(0) @binding(1) var<storage, read> rowInfo: array<RowInfo>;  // (rows)
@group(0) @binding(2) var<storage, read> sums: array<u32>;  // (chunks, lines) bits of f32
@group(0) @binding(3) var<storage, read_write> values: array<u32>;  // (rows) bits of f32

const OUT_OF_RANGE: u32 = 0xfffffffeu;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = (group.y * params.gridWidth + group.x) * 64u + thread;
  if (row >= params.rows) {
    return;
  }
  let info = rowInfo[row];
  var sum = 0.0;
  var isLost = false;
  for (var chunk = 0u; chunk < params.chunks; chunk++) {
    let bits = sums[chunk * params.lines + row];
    isLost = isLost || isNanBits(bits);
    sum += bitcast<f32>(bits);
  }
  let value = select(bitcast<u32>(info.valueFactor * sum), NAN_BITS, isLost);
  values[row] = select(value, 0u, info.label >= OUT_OF_RANGE);
}
