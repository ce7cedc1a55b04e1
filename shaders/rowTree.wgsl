// Row losses, the lanes of a row joined through workgroup memory by a fixed tree: the same bits in
// every run. Every lane of the workgroup must come here, rows or no rows.

var<workgroup> laneScans: array<Scan, THREADS>;
var<workgroup> laneSums: array<Sums, THREADS>;

fn joinedScan(scan: Scan, thread: u32) -> Scan {
  laneScans[thread] = scan;
  workgroupBarrier();  // without it a lane reads its neighbour's slot before it is written
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (thread % LANES < reach) {
      laneScans[thread] = joinedScans(laneScans[thread], laneScans[thread + reach]);
    }
    workgroupBarrier();  // the next, narrower step reads what this one wrote
  }
  let whole = laneScans[thread - thread % LANES];
  workgroupBarrier();  // the next row's scan is written over this one
  return whole;
}

fn joinedSums(sums: Sums, thread: u32) -> Sums {
  laneSums[thread] = sums;
  workgroupBarrier();
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (thread % LANES < reach) {
      laneSums[thread] = addedSums(laneSums[thread], laneSums[thread + reach]);
    }
    workgroupBarrier();
  }
  return laneSums[thread - thread % LANES];
}
