// Cross-entropy, the lanes of a row joined where the device has subgroups: shuffles in a fixed order, then
// one barrier, after which every lane reads what the subgroups have left: same bits in every run. Every
// lane of the workgroup must come here, rows or no rows.

var<workgroup> lanesSums: array<Sums, THREADS>;
var<workgroup> lanesSum: array<f32, THREADS>;

// Above the other flags: how many lanes the sums of a slot come from, all of them its neighbours.
const WIDTH_SHIFT: u32 = 16u;
const LARGEST: u32 = min(LANES, 128u);  // no subgroup is larger

// WGSL does not say which threads form a subgroup: where they are no neighbours, each lane is by itself.
fn widthOf(thread: u32) -> u32 {
  let size = subgroupAdd(1u);
  let first = subgroupBroadcastFirst(thread);
  let rank = subgroupExclusiveAdd(1u);
  let aligned = countOneBits(size) == 1u && first % size == 0u;
  return select(1u, min(size, LANES), subgroupAll(aligned && thread == first + rank));
}

fn mirrored(sums: Sums, reach: u32) -> Sums {
  var other = sums;
  other.rest = subgroupShuffleXor(sums.rest, reach);
  other.dust = subgroupShuffleXor(sums.dust, reach);
  if ((STATS & 4u) != 0u) {
    other.heat = subgroupShuffleXor(sums.heat, reach);
  }
  if (MIXED) {
    other.mix = subgroupShuffleXor(sums.mix, reach);
    other.pull = subgroupShuffleXor(sums.pull, reach);
  }
  other.flags = subgroupShuffleXor(sums.flags, reach);
  return other;
}

// First the common base, then the sums, so that each is rounded to another base once.
fn joinedLanes(row: Row, own: Sums, thread: u32) -> Sums {
  let width = widthOf(thread);
  var base = own.base;
  for (var reach = 1u; reach < LARGEST; reach *= 2u) {
    let other = subgroupShuffleXor(base, reach);
    base = select(base, max(base, other), reach < width);
  }
  var sums = rebased(row, own, base);
  for (var reach = 1u; reach < LARGEST; reach *= 2u) {
    let other = mirrored(sums, reach);
    if (reach < width) {
      sums = added(sums, other);
    }
  }
  sums.flags |= width << WIDTH_SHIFT;
  lanesSums[thread] = sums;
  workgroupBarrier();  // without it a lane reads another subgroup's slot before it is written
  let first = thread - thread % LANES;
  var whole = nothing();
  for (var at = 0u; at < LANES; at += lanesSums[first + at].flags >> WIDTH_SHIFT) {
    whole.base = max(whole.base, lanesSums[first + at].base);
  }
  for (var at = 0u; at < LANES; at += lanesSums[first + at].flags >> WIDTH_SHIFT) {
    whole = added(whole, rebased(row, lanesSums[first + at], whole.base));
  }
  whole.flags &= (1u << WIDTH_SHIFT) - 1u;
  return whole;
}

fn joinedSum(x: f32, thread: u32) -> f32 {
  let width = lanesSums[thread].flags >> WIDTH_SHIFT;
  var sum = x;
  for (var reach = 1u; reach < LARGEST; reach *= 2u) {
    let other = subgroupShuffleXor(sum, reach);
    sum += select(0.0, other, reach < width);
  }
  lanesSum[thread] = sum;
  workgroupBarrier();
  let first = thread - thread % LANES;
  var whole = 0.0;
  for (var at = 0u; at < LANES;) {
    whole += lanesSum[first + at];
    at += lanesSums[first + at].flags >> WIDTH_SHIFT;
  }
  return whole;
}
