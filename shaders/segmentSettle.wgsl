// The loss of each segment from its sums, what its gradients are multiplied by, and, where the segments
// are sequences, the mean of them all. One workgroup: there is one record a segment.

@group(0) @binding(5) var<storage, read> records: array<Record>;  // (segments)
@group(0) @binding(6) var<storage, read> denominator: array<f32>;  // (1)
@group(0) @binding(7) var<storage, read_write> results: array<u32>;  // (segments) bits of f32, the mean behind
@group(0) @binding(8) var<storage, read_write> shares: array<u32>;  // (segments, 2) 1 / denominator, pull
@group(0) @binding(9) var<storage, read_write> status: array<u32>;  // (5)

// A lane's segments are summed in chunks of 256: one running sum of 50 000 means is 1e-4 off.
const CHUNK: u32 = LANES * 256u;

var<workgroup> denominators: array<f32, LANES>;
var<workgroup> mistakes: array<u32, LANES>;

fn denominatorOf(segment: u32, record: Record) -> f32 {
  if (TERM == 1u) {
    return f32(edgeAt(segment + 1u) - edgeAt(segment));
  }
  if (TERM == 2u) {
    return record.weights;
  }
  if (TERM == 3u) {
    return record.masks;
  }
  if (DENOMINATOR_TENSOR) {
    return denominator[params.denominatorStart];
  }
  return params.denominator;
}

// Offsets must rise from 0 to the number of losses; what lies on the GPU is judged here.
fn mistakesAt(segment: u32) -> u32 {
  if (OFFSET_WORDS == 0u) {
    return 0u;
  }
  let word = (params.offsetsStart + segment) * OFFSET_WORDS;
  let low = offsets[word];
  let next = offsets[word + OFFSET_WORDS];
  var wrong = next < low || next > params.size || (segment == 0u && low != 0u);
  wrong = wrong || (segment + 1u == params.segments && next != params.size);
  if (OFFSET_WORDS == 2u) {
    wrong = wrong || offsets[word + 1u] != 0u || offsets[word + 3u] != 0u;
  }
  return select(0u, 1u, wrong);
}

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  var own = nothing();
  var divided = 0.0;
  var wrong = 0u;
  for (var begin = 0u; begin < params.segments; begin += CHUNK) {
    var part = nothing();
    var partDivided = 0.0;
    let end = min(begin + CHUNK, params.segments);
    for (var segment = begin + lane; segment < end; segment += LANES) {
      let record = records[segment];
      let d = denominatorOf(segment, record);
      let inverse = select(1.0 / d, 0.0, d == 0.0);
      let raw = bitsOf(Sum(record.value, record.flags, 0u, 0u));
      let bits = select(scaledBits(inverse, raw), params.emptyBits, d == 0.0);
      results[segment] = bits;
      shares[2u * segment] = bitcast<u32>(inverse * params.share);
      shares[2u * segment + 1u] = select(bitcast<u32>(record.objective * inverse), raw,
        record.flags != 0u);
      var sum = summand(bits);
      sum.nonFinite = record.nonFinite;
      sum.count = record.count;
      part = joined(part, sum);
      partDivided += d;
      wrong += mistakesAt(segment);
    }
    own = joined(own, part);
    divided += partDivided;
  }
  denominators[lane] = divided;
  mistakes[lane] = wrong;
  let sum = sumOfLanes(lane, own);
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) {
      denominators[lane] += denominators[lane + reach];
      mistakes[lane] += mistakes[lane + reach];
    }
    workgroupBarrier();  // the next, narrower step reads what this one wrote
  }
  if (lane == 0u) {
    results[params.segments] = scaledBits(params.share, bitsOf(sum));
    status[0] = bitcast<u32>(denominators[0]);
    status[1] = bitcast<u32>(f32(sum.count));
    status[2] = mistakes[0];
    status[3] = sum.nonFinite;
    status[4] = 0u;
  }
}
