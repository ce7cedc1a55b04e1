// Writes a gradient over the tensor that it belongs to, in that tensor's format. One invocation a
// word; of a word that this part shares with a neighbour, the other half stays.

@group(0) @binding(1) var<storage, read> gradient: array<u32>;  // (elements) bits of f32
@group(0) @binding(2) var<storage, read_write> packed: array<u32>;  // (elements) in its own format

fn halfOf(bits: u32) -> u32 {
  if (STORAGE == 1u) {
    return bitsToF16(bits);
  }
  return bitsToBf16(bits);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let slot = (group.y * params.gridWidth + group.x) * 64u + thread;
  if (STORAGE == 0u) {
    if (slot < params.count) {
      packed[params.packedStart + slot] = gradient[params.gradientStart + slot];
    }
    return;
  }
  let word = params.packedStart / 2u + slot;
  let end = params.packedStart + params.count;
  if (2u * word < end) {
    var bits = packed[word];
    if (2u * word >= params.packedStart) {
      bits = (bits & 0xffff0000u) | halfOf(gradient[params.gradientStart + 2u * word - params.packedStart]);
    }
    if (2u * word + 1u < end) {
      let at = params.gradientStart + 2u * word + 1u - params.packedStart;
      bits = (bits & 0xffffu) | (halfOf(gradient[at]) << 16u);
    }
    packed[word] = bits;
  }
}
