// Cross-entropy over rows of logits, losses only: one read, one report a row.

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
  if (exists && row.lane == 0u) {
    if (counts) {
      reportRow(row, outcomeOf(row, sums, labelBits));
    } else {
      reportNothing(row);
    }
  }
}
