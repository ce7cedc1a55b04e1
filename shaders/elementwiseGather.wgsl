// Adds up the planes of partial sums, one lane for each number: (planes, outputs) to (outputs).

@group(0) @binding(1) var<storage, read> partials: array<u32>;  // (planes, outputs) bits of f32
@group(0) @binding(2) var<storage, read_write> gradient: array<u32>;  // (outputs) bits of f32

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let output = (group.y * params.gridWidth + group.x) * LANES + lane;
  if (output < params.outputs) {
    var sum = nothing();
    // Chunks of 32 planes: one long running sum drifts by 1e-5.
    for (var chunk = 0u; chunk < params.planes; chunk += 32u) {
      var part = nothing();
      let stop = min(chunk + 32u, params.planes);
      for (var plane = chunk; plane < stop; plane++) {
        part = joined(part, summand(partials[plane * params.outputs + output]));
      }
      sum = joined(sum, part);
    }
    gradient[output] = bitsOf(sum);
  }
}
