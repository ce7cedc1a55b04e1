// Cross-entropy of few classes, losses only.

@compute @workgroup_size(FOURTH)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = firstPlace(group, lane);
  if (place >= params.rows) {
    return;
  }
  var four = fourAt(place);
  let first = rowAt(place, 0u);
  var sums = scanFour(first, four);
  for (var left = 4u; left > 0u; left--) {
    let row = rowOfFirst(first, four);
    reportRow(row, outcomeOfFirst(row, four, sums));
    sums = turnedSums(sums);
    four = turnedFour(four);
  }
}
