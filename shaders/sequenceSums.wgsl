// The losses of a sequence's tokens summed and negated; a mean is divided by the sequence's own count.

@group(0) @binding(1) var<storage, read> values: array<u32>;  // (sequences, tokens) bits of f32
@group(0) @binding(2) var<storage, read> totals: array<f32>;  // (sequences, …) 1 / (count * sequences)
@group(0) @binding(3) var<storage, read_write> output: array<u32>;  // (sequences) bits of f32

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let sequence = group.y * params.gridWidth + group.x;
  let exists = sequence < params.sequences;
  var own = nothing();
  if (exists) {
    let first = sequence * params.tokens;
    // Chunks of 32 a lane: one running sum over a long sequence drifts.
    for (var begin = 0u; begin < params.tokens; begin += LANES * 32u) {
      var part = nothing();
      let end = min(begin + LANES * 32u, params.tokens);
      for (var token = begin + lane; token < end; token += LANES) {
        part = joined(part, summand(values[params.valuesStart + first + token]));
      }
      own = joined(own, part);
    }
  }
  var sum = sumOfLanes(lane, own);
  if (lane == 0u && exists) {
    if (AVERAGE) {
      sum.value *= totals[sequence] * params.scale;
    }
    let bits = bitsOf(sum);
    output[sequence] = select(bits ^ 0x80000000u, bits, isNanBits(bits));
  }
}
