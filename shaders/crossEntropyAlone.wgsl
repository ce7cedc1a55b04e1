// Cross-entropy, LANES = 1: a lane has its row for itself, and nothing is to be joined. On a
// software adapter one barrier costs 2.4 us a workgroup of 4 and 228 us a workgroup of 256.

fn joinedLanes(row: Row, sums: Sums, thread: u32) -> Sums {
  return sums;
}

fn joinedSum(x: f32, thread: u32) -> f32 {
  return x;
}
