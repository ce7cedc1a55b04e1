// What the elements bring to their denominators, before the loss is taken: only masks and weights are
// read, and what is left is three words a block, as prepare.wgsl leaves them. FOLDED also keeps mask *
// weight, where all of them together would be more bindings than a stage may have.

fn tally(i: u32) -> Sum {
  let mask = maskOf(i);
  let isMasked = (mask << 1u) == 0u;
  let m = bitcast<f32>(mask);
  let weight = weightOf(i);
  if (FOLDED) {
    // A weight of 0 is not a mask: as -0 it can be told from one.
    let product = bitcast<u32>(m * weight);
    keepFolded(i, select(select(product, 0x80000000u, product == 0u), 0u, isMasked));
  }
  if (isMasked) {
    return nothing();
  }
  return Sum(select(m, m * weight, WEIGHS), 0u, 0u, 1u);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = group.y * params.gridWidth + group.x;
  let block = params.firstBlock + place;
  let segment = block / params.blocksPerSegment;
  let offset = (block % params.blocksPerSegment) * BLOCK;
  let begin = segment * params.segmentLength + offset - params.first;
  let end = begin + min(BLOCK, params.segmentLength - offset);
  var own = nothing();
  if (place < params.blocks) {
    // Chunks of 32 a lane: one running sum over a whole block drifts by 1e-5.
    for (var chunk = begin; chunk < end; chunk += LANES * 32u) {
      var part = nothing();
      let stop = min(chunk + LANES * 32u, end);
      for (var i = chunk + lane; i < stop; i += LANES) {
        part = joined(part, tally(i));
      }
      own = joined(own, part);
    }
  }
  let sum = sumOfLanes(lane, own);
  if (lane == 0u && place < params.blocks) {
    partials[block * 3u] = bitcast<u32>(sum.value);
    partials[block * 3u + 1u] = bitcast<u32>(f32(sum.count));
    partials[block * 3u + 2u] = 0u;
  }
}
