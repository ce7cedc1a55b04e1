// Cross-entropy, the gradient to probability targets, f32: -(1 - labelSmoothing) w log p. A dispatch
// of its own before the others, because few ask for it and logits may be overwritten in place.

@group(0) @binding(10) var<storage, read_write> targetsGradient: array<u32>;  // (rows, classes)

fn storeTargetSlope(row: Row, k: u32, bits: u32) {
  targetsGradient[params.targetsGradientStart + elementOf(row, k) - params.logitsStart] = bits;
}

fn targetSlopeBits(row: Row, sums: Sums, k: u32) -> u32 {
  let element = elementOfBits(bitsAt(row, k));
  var scale = row.gradientFactor * (1.0 - params.labelSmoothing);
  if (WEIGHTED) {
    scale *= classWeights[params.classWeightsStart + k];
  }
  let halfFall = 0.5 * sums.peak - 0.5 * element.unit;
  let impossible = element.lost || isBeyond(halfFall);
  let surprise = 2.0 * select(halfFall, 0.0, impossible) * unitToNats() + log1p(sums.rest);
  return bitsOf(scale * surprise, select(0u, timesFactor(ABOVE, scale), impossible));
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = (group.y * params.gridWidth + group.x) * ROWS + thread / LANES;
  let exists = place < params.rows;
  let row = rowAt(params.rowStart + min(place, params.rows - 1u), thread % LANES);
  let counts = exists && row.label < OUT_OF_RANGE && row.gradientFactor != 0.0;
  var sums = nothing();
  if (counts) {
    sums = scan(row, 0u);
  }
  sums = settled(joinedLanes(sums, thread));
  let broken = sums.own == 0.0 || (sums.flags & (HAS_NAN | HAS_INFINITY)) != 0u;
  let filled = select(0u, NAN_BITS, counts);
  if (exists) {
    for (var k = row.lane; k < params.classes; k += LANES) {
      if (broken) {
        storeTargetSlope(row, k, filled);
      } else {
        storeTargetSlope(row, k, targetSlopeBits(row, sums, k));
      }
    }
  }
}
