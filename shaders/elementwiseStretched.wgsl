// The gradient of an input that is stretched over a larger shape: each of its numbers collects the
// slopes of all elements that it stands in, always in the same order. A lane takes a number of the
// input, or, where there are few, a whole workgroup does. Chunks of elements leave partial sums.

fn gradientAt(output: u32, position: u32) -> Sum {
  // Where the losses come in several passes, each adds up the elements that it holds.
  let i = placeOf(output, position) - params.first;
  if (i >= params.count) {
    return nothing();
  }
  return summand(elementAt(i).gradients[SLOPE]);
}

fn collect(output: u32, begin: u32, end: u32, step: u32) -> Sum {
  var own = nothing();
  // Chunks of 32 steps: one long running sum drifts by 1e-5.
  for (var chunk = begin; chunk < end; chunk += step * 32u) {
    var part = nothing();
    let stop = min(chunk + step * 32u, end);
    for (var position = chunk; position < stop; position += step) {
      part = joined(part, gradientAt(output, position));
    }
    own = joined(own, part);
  }
  return own;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = group.y * params.gridWidth + group.x;
  let perChunk = select((params.outputs + LANES - 1u) / LANES, params.outputs, SHARED);
  let chunk = place / perChunk;
  let output = select((place % perChunk) * LANES + lane, place % perChunk, SHARED);
  let begin = chunk * params.length;
  let end = min(begin + params.length, params.positions);
  let plane = params.firstPlane + chunk;
  let isWithin = chunk < params.chunks && output < params.outputs;
  var sum = nothing();
  if (isWithin) {
    sum = collect(output, select(begin, begin + lane, SHARED), end, select(1u, LANES, SHARED));
  }
  if (SHARED) {
    sum = sumOfLanes(lane, sum);
  }
  if (isWithin && (!SHARED || lane == 0u)) {
    partials[plane * params.outputs + output] = bitsOf(sum);
  }
}
