// The sums of a segment, or of a chunk of it, and how those of its chunks are joined.

struct Record {
  value: f32,  // of mask * weight * loss
  objective: f32,  // the same times upstream, where each loss has its own
  masks: f32,
  weights: f32,  // of mask * weight
  flags: u32,
  nonFinite: u32,
  count: u32,
}

const EMPTY: Record = Record(0.0, 0.0, 0.0, 0.0, 0u, 0u, 0u);

var<workgroup> laneRecords: array<Record, LANES>;

fn added(a: Record, b: Record) -> Record {
  return Record(a.value + b.value, a.objective + b.objective, a.masks + b.masks,
    a.weights + b.weights, a.flags | b.flags, a.nonFinite + b.nonFinite, a.count + b.count);
}

// The sum over all lanes, in a fixed order; every lane must call it.
fn recordOfLanes(lane: u32, own: Record) -> Record {
  laneRecords[lane] = own;
  workgroupBarrier();  // without it a lane reads its neighbour's record before it is written
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) {
      laneRecords[lane] = added(laneRecords[lane], laneRecords[lane + reach]);
    }
    workgroupBarrier();  // the next, narrower step reads what this one wrote
  }
  return laneRecords[0];
}
