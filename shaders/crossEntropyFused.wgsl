// Cross-entropy over rows of logits, losses and their gradient in one dispatch: two reads, one write.

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = rowOf(group, thread);
  let found = foundIn(row, thread);
  let end = outcomeOf(row, found.sums, found.label);
  let verdict = verdictOf(row, end);
  if (row.exists & (row.slot == 0u)) {
    reportRow(row, end);
  }
  var moment = 0.0;
  if (row.exists) {
    moment = gradientPass(row, verdict, found.labelBits);
  }
  if ((STATS & 16u) != 0u) {
    moment = joinedSum(moment, thread);
    if (row.exists & (row.lane == 0u)) {
      reportTemperature(row, verdict, moment);
    }
  }
}
