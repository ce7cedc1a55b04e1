// Cross-entropy, a few lanes of a row joined through workgroup memory, one after the other: same bits in every
// run. A software adapter compiles and runs this sooner than a tree. Every lane of the workgroup must come
// here, rows or no rows.

var<workgroup> lanesSums: array<Sums, THREADS>;
var<workgroup> lanesSum: array<f32, THREADS>;

fn joinedLanes(row: Row, sums: Sums, thread: u32) -> Sums {
  lanesSums[thread] = sums;
  workgroupBarrier();  // without it a lane reads another's slot before it is written
  let first = thread & ~(LANES - 1u);
  var whole = nothing();
  // First the common base, then the sums: one place where they are rebased compiles sooner than two.
  for (var lane = 0u; lane < LANES; lane++) {
    whole.base = max(whole.base, lanesSums[first + lane].base);
  }
  for (var lane = 0u; lane < LANES; lane++) {
    whole = added(whole, rebased(row, lanesSums[first + lane], whole.base));
  }
  return whole;
}

fn joinedSum(x: f32, thread: u32) -> f32 {
  lanesSum[thread] = x;
  workgroupBarrier();
  let first = thread & ~(LANES - 1u);
  var whole = 0.0;
  for (var lane = 0u; lane < LANES; lane++) {
    whole += lanesSum[first + lane];
  }
  return whole;
}
