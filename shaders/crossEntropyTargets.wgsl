// Cross-entropy, the gradient to probability targets, f32: -(1 - labelSmoothing) w log p. A dispatch
// of its own before the others, because few ask for it and logits may be overwritten in place.

@group(0) @binding(10) var<storage, read_write> targetsGradient: array<u32>;  // (rows, classes)

fn storeTargetSlope(row: Row, k: u32, bits: u32) {
  targetsGradient[params.targetsGradientStart + elementOf(row, k) - params.logitsStart] = bits;
}

fn targetSlopeBits(row: Row, end: Outcome, k: u32) -> u32 {
  let element = elementOfBits(row, bitsAt(row, k));
  var scale = row.gradientFactor * (1.0 - params.labelSmoothing);
  if (WEIGHTED) {
    scale *= classWeights[params.classWeightsStart + k];
  }
  let halfFall = 0.5 * end.base - 0.5 * element.unit;
  let impossible = element.lost || isBeyond(row, halfFall);
  let surprise = 2.0 * select(halfFall, 0.0, impossible) * row.nats + end.logSum;
  let flags = timesFactor(select(0u, ABOVE, impossible), scale) | (end.flags & HAS_NAN);
  return bitsOf(scale * surprise, flags);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = rowOf(group, thread);
  let found = foundIn(row, thread);
  let counts = row.counts && row.gradientFactor != 0.0;
  let end = outcomeOf(row, found.sums, found.label);
  let last = select(0u, params.classes, row.exists);
  for (var k = row.slot; k < last; k += row.slots) {
    storeTargetSlope(row, k, select(0u, targetSlopeBits(row, end, k), counts));
  }
}
