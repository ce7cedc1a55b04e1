// Cross-entropy over rows of logits, losses and their gradient in one dispatch: two reads, one write.

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = (group.y * params.gridWidth + group.x) * ROWS + thread / LANES;
  let exists = place < params.rows;
  let row = rowAt(min(place, params.rows - 1u), thread % LANES);
  let counts = exists && row.label < OUT_OF_RANGE;
  var sums = nothing();
  var labelBits = 0u;
  if (counts) {
    labelBits = bitsAt(row, row.label);
    sums = scan(row, labelBits);
  }
  sums = joinedLanes(row, sums, thread);
  let end = outcomeOf(row, sums, labelBits);
  let verdict = verdictOf(row, end);
  if (exists && row.lane == 0u) {
    if (counts) {
      reportRow(row, end);
    } else {
      reportNothing(row);
    }
  }
  var moment = 0.0;
  if (exists) {
    moment = gradientPass(row, verdict, labelBits);
  }
  if ((STATS & 16u) != 0u) {
    moment = joinedSum(moment, thread);
    if (exists && row.lane == 0u) {
      reportTemperature(row, verdict, moment);
    }
  }
}
