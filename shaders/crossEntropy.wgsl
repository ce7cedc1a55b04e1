// Cross-entropy over rows of logits, losses alone: one read, one report a row.

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = rowOf(group, thread);
  let found = foundIn(row, thread);
  if (row.exists & (row.slot == 0u)) {
    reportRow(row, outcomeOf(row, found.sums, found.label));
  }
}
