// Every loss times its mask and its weight, where none is to be summed.

@group(0) @binding(5) var<storage, read_write> values: array<u32>;  // (losses) bits of f32

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = (group.y * params.gridWidth + group.x) * 64u + lane;
  if (place < params.count) {
    let m = maskAt(place);
    var bits = 0u;
    if (m != 0.0) {
      bits = scaledBits(m * weightAt(place), firstBits(place));
    }
    values[params.valuesStart + place] = bits;
  }
}
