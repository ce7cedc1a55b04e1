// The gradients to the losses of each segment and to their weights. What takes no part has gradient 0,
// whatever it holds.

@group(0) @binding(5) var<storage, read> shares: array<u32>;  // (segments, 2) 1 / denominator, pull
@group(0) @binding(6) var<storage, read> upstream: array<f32>;  // (losses), (segments) or one
@group(0) @binding(7) var<storage, read_write> gradient: array<u32>;  // (losses) bits of f32
@group(0) @binding(8) var<storage, read_write> gradientAgainst: array<u32>;  // (losses) bits of f32

fn upstreamAt(place: u32, segment: u32) -> f32 {
  if (UPSTREAM == 0u) {
    return params.upstream;
  }
  let at = select(select(0u, segment, UPSTREAM == 2u), place, EACH);
  return upstream[params.upstreamStart + at];
}

// A mean over the weights also falls as a weight grows: `pull` is that mean.
fn weightSlope(place: u32, share: f32, pull: u32, u: f32) -> u32 {
  let bits = firstBits(place);
  if (!PULLED) {
    return scaledBits(share * u, bits);
  }
  if (!isFiniteBits(bits) || !isFiniteBits(pull)) {
    return NAN_BITS;
  }
  let mean = bitcast<f32>(pull) * select(u, 1.0, EACH);
  return bitcast<u32>(share * (u * bitcast<f32>(bits) - mean));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let unit = group.y * params.gridWidth + group.x;
  let segment = unit / params.chunks;
  if (segment >= params.segments) {
    return;
  }
  let span = spanOf(segment, unit % params.chunks);
  let inverse = bitcast<f32>(shares[2u * segment]);
  let pull = shares[2u * segment + 1u];
  for (var begin = span.begin; begin < span.end; begin += BLOCK) {
    let end = min(begin + BLOCK, span.end);
    for (var place = begin + lane; place < end; place += LANES) {
      let m = maskAt(place);
      let u = upstreamAt(place, segment);
      let counts = m != 0.0 && inverse != 0.0 && u != 0.0;
      let share = m * inverse;
      if (GRADIENT) {
        gradient[params.gradientStart + place] =
          select(0u, bitcast<u32>(share * u * weightAt(place)), counts);
      }
      if (GRADIENT_AGAINST) {
        var bits = 0u;
        if (m != 0.0 && inverse != 0.0) {
          bits = weightSlope(place, share, pull, u);
        }
        gradientAgainst[params.gradientAgainstStart + place] = bits;
      }
    }
  }
}
