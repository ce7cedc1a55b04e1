// The boxes of a row and where what is found about them goes. A box that is not finite has no overlap
// to speak of: its loss and its gradients are NaN.

fn boxOf(low: vec4u) -> vec4f {
  return bitcast<vec4f>(low);
}

fn isBroken(box: vec4u) -> bool {
  return any((box & vec4u(0x7fffffffu)) >= vec4u(INFINITY_BITS));
}

fn bitsOfSlopes(slopes: vec4f, factor: f32, broken: bool) -> vec4u {
  let bits = vec4u(gradientBits(slopes.x, factor), gradientBits(slopes.y, factor),
    gradientBits(slopes.z, factor), gradientBits(slopes.w, factor));
  return select(select(bits, vec4u(NAN_BITS), broken), vec4u(0u), factor == 0.0);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = rowAt(group, thread);
  if (!row.exists) {
    return;
  }
  var own = vec4u(0u, 0u, 0u, 0u);
  var other = vec4u(0u, 0u, 0u, 0u);
  if (row.counts) {
    let at = row.base;
    own = vec4u(firstBits(at), firstBits(at + 1u), firstBits(at + 2u), firstBits(at + 3u));
    other = vec4u(secondBits(at), secondBits(at + 1u), secondBits(at + 2u), secondBits(at + 3u));
  }
  let broken = isBroken(own) || isBroken(other);
  let a = boxOf(select(own, vec4u(0u), broken));
  let b = boxOf(select(other, vec4u(0u), broken));
  let pair = pairOf(a, b);
  reportRow(row, lossOf(a, b, pair), select(0u, HAS_NAN, broken), 1.0);
  let factor = select(0.0, row.gradientFactor, row.counts);
  if (GRADIENT) {
    let bits = bitsOfSlopes(slopesOf(a, b, pair), factor, broken);
    for (var k = 0u; k < 4u; k++) {
      gradient[params.gradientStart + row.base + k] = bits[k];
    }
  }
  if (GRADIENT_AGAINST) {
    let bits = bitsOfSlopes(slopesOf(b, a, pair), factor, broken);
    for (var k = 0u; k < 4u; k++) {
      gradientAgainst[params.gradientAgainstStart + row.base + k] = bits[k];
    }
  }
}
