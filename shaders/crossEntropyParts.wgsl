// Cross-entropy of few rows: each is split over several workgroups, so that there are enough of them to
// fill a GPU. This pass leaves what each part comes to; the next joins them.

@group(0) @binding(12) var<storage, read_write> parts: array<u32>;  // (rows, parts, 8) sums, label's bits

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = rowOf(group, thread);
  let found = foundIn(row, thread);
  if (row.exists && row.lane == 0u) {
    let at = ((row.index - params.rowStart) * params.parts + row.part) * 8u;
    let sums = found.sums;
    parts[at] = bitcast<u32>(sums.base);
    parts[at + 1u] = bitcast<u32>(sums.rest);
    parts[at + 2u] = bitcast<u32>(sums.dust);
    parts[at + 3u] = bitcast<u32>(sums.heat);
    parts[at + 4u] = bitcast<u32>(sums.mix);
    parts[at + 5u] = bitcast<u32>(sums.pull);
    parts[at + 6u] = sums.flags;
    parts[at + 7u] = found.labelBits;
  }
}
