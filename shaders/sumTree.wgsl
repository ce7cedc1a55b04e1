// The sum over all lanes of a workgroup, in a fixed order; every lane must call it, once.

var<workgroup> lanes: array<Part, LANES>;

fn sumOfLanes(lane: u32, own: Part) -> Part {
  lanes[lane] = own;
  workgroupBarrier();  // without it a lane reads its neighbour's sum before it is written
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) {
      lanes[lane] = joined(lanes[lane], lanes[lane + reach]);
    }
    workgroupBarrier();  // the next, narrower step reads what this one wrote
  }
  return lanes[0];
}
