// Cross-entropy, the lanes of a row joined through workgroup memory by a fixed tree: same bits in
// every run. Every lane of the workgroup must come here, rows or no rows.

var<workgroup> lanesSums: array<Sums, THREADS>;
var<workgroup> lanesSum: array<f32, THREADS>;

fn joinedLanes(row: Row, sums: Sums, thread: u32) -> Sums {
  lanesSums[thread] = sums;
  workgroupBarrier();  // without it a lane reads its neighbour's slot before it is written
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if ((thread & (LANES - 1u)) < reach) {
      lanesSums[thread] = joined(row, lanesSums[thread], lanesSums[thread + reach]);
    }
    workgroupBarrier();  // the next, narrower step reads what this one wrote
  }
  return lanesSums[thread & ~(LANES - 1u)];
}

fn joinedSum(x: f32, thread: u32) -> f32 {
  lanesSum[thread] = x;
  workgroupBarrier();
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if ((thread & (LANES - 1u)) < reach) {
      lanesSum[thread] += lanesSum[thread + reach];
    }
    workgroupBarrier();
  }
  return lanesSum[thread & ~(LANES - 1u)];
}
