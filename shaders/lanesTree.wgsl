// What the lanes of a line have found, joined through workgroup memory by a fixed tree: the same bits
// in every run. Every lane of the workgroup must come here. The lanes of a line lie LINES apart.

var<workgroup> laneJoints: array<Joint, THREADS>;

fn joinedLanes(own: Joint, thread: u32) -> Joint {
  laneJoints[thread] = own;
  workgroupBarrier();  // without it a lane reads its neighbour's slot before it is written
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (thread / LINES < reach) {
      laneJoints[thread] = joined(laneJoints[thread], laneJoints[thread + reach * LINES]);
    }
    workgroupBarrier();  // the next, narrower step reads what this one wrote
  }
  let whole = laneJoints[thread % LINES];
  workgroupBarrier();  // the next line's joint is written over this one
  return whole;
}

var<workgroup> laneNumber: u32;

// A number that all lanes of a workgroup have, now also known to the compiler as such: only then may it
// decide how often they meet at a barrier.
fn agreed(own: u32, thread: u32) -> u32 {
  if (thread == 0u) {
    laneNumber = own;
  }
  return workgroupUniformLoad(&laneNumber);
}
