// Joins the words that two rows of 16-bit gradients share. One invocation a row; a half whose owner
// has no part in this dispatch keeps what is in memory.

@group(0) @binding(1) var<storage, read_write> logits: array<u32>;  // (rows, classes)
@group(0) @binding(7) var<storage, read> edges: array<u32>;  // (rows, first and last), f32 bits

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
  let place = (group.y * params.gridWidth + group.x) * 64u + thread;
  let origin = params.logitsStart + place * params.rowStride;
  let end = origin + params.classes;
  let touches = params.rowStride == params.classes;
  if (place < params.rows && origin % 2u == 1u) {
    let word = logits[origin / 2u];
    let low = select(word & 0xffffu, halfOf(edges[2u * place - 1u]), touches && place > 0u);
    logits[origin / 2u] = low | (halfOf(edges[2u * place]) << 16u);
  }
  if (place < params.rows && end % 2u == 1u && !(touches && place + 1u < params.rows)) {
    logits[end / 2u] = (logits[end / 2u] & 0xffff0000u) | halfOf(edges[2u * place + 1u]);
  }
}
