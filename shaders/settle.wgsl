// Settles the denominators of rows that several blocks have counted.

@group(0) @binding(1) var<storage, read> partials: array<f32>;  // (segments * blocksPerSegment, 3)
@group(0) @binding(2) var<storage, read> denominator: array<f32>;  // (1)
@group(0) @binding(3) var<storage, read> temperature: array<f32>;  // (1)
@group(0) @binding(4) var<storage, read> classWeights: array<f32>;  // (classes)
@group(0) @binding(5) var<storage, read_write> totals: array<f32>;  // (segments, 2 more)
@group(0) @binding(6) var<storage, read_write> status: array<u32>;  // (5)

fn settle(segment: u32) -> Brought {
  var sum = Brought();
  // In chunks here too: one running sum over the blocks of 200 000 rows is 8e-6 off.
  var part = Brought();
  for (var block = 0u; block < ENDLESS; block++) {
    if (block >= params.blocksPerSegment) {
      break;
    }
    let at = (segment * params.blocksPerSegment + block) * 3u;
    part = joined(part, Brought(partials[at], partials[at + 1u], u32(partials[at + 2u]), 0.0));
    if (block % 64u == 63u) {
      sum = joined(sum, part);
      part = Brought();
    }
  }
  var constant = params.denominator;
  if (DENOMINATOR_TENSOR) {
    constant = denominator[params.denominatorStart];
  }
  return settledSegment(segment, joined(sum, part), constant);
}

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = Brought();
  var part = Brought();
  for (var turn = 0u; turn < ENDLESS; turn++) {
    let segment = turn * LANES + lane;
    if (segment >= params.segments) {
      break;
    }
    part = joined(part, settle(segment));
    if (turn % CHUNK == CHUNK - 1u) {
      sum = joined(sum, part);
      part = Brought();
    }
  }
  sum = joined(sum, part);
  sum.weight = weightOfLane(lane);
  let all = sumOfLanes(lane, sum);
  if (lane == 0u) {
    var degrees = params.temperature;
    if (TEMPERATURE_TENSOR) {
      degrees = temperature[params.temperatureStart];
    }
    settleAll(all, degrees);
  }
}
