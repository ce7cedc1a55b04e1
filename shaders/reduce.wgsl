// A sum in a fixed order: blocks first, then, where there are several, their sums. With LOSSES it is
// that of weighted losses over their denominator: one that settle.wgsl found, or a constant.

@group(0) @binding(1) var<storage, read> values: array<u32>;  // (rows) bits of f32
@group(0) @binding(2) var<storage, read> totals: array<f32>;  // (segments, …)
@group(0) @binding(3) var<storage, read_write> sums: array<u32>;  // (blocks, 4)
@group(0) @binding(4) var<storage, read_write> status: array<u32>;  // (5)
@group(0) @binding(5) var<storage, read_write> result: array<u32>;  // (2) the loss, its exp

const THREADS: u32 = LANES * TEAMS;

fn sumAt(at: u32) -> Sum {
  var sum: Sum;
  if (FIRST) {
    sum = summand(values[params.valuesStart + at]);
    if (LOSSES && SEGMENTED) {
      sum.value *= totals[(params.firstBlock * params.block + at) / params.segmentLength];
    }
  } else {
    let word = at * 4u;
    sum = Sum(bitcast<f32>(sums[word]), sums[word + 1u], sums[word + 2u], sums[word + 3u]);
  }
  return sum;
}

fn finish(given: Sum) {
  var sum = given;
  if (!LOSSES) {
    result[0] = bitsOf(sum);
    return;
  }
  if (!SETTLED) {
    status[0] = bitcast<u32>(params.denominator);
    status[2] = 0u;
    status[4] = 0u;
  }
  if (COUNTED) {
    status[1] = bitcast<u32>(f32(sum.count));
  }
  status[3] = sum.nonFinite;
  let isEmpty = (status[0] & 0x7fffffffu) == 0u;
  if (SETTLED && !SEGMENTED) {
    sum.value *= totals[0];
  } else if (!SETTLED) {
    sum.value = select(sum.value / params.denominator, sum.value, isEmpty);
  }
  let bits = bitsOf(sum);
  var power = bitcast<u32>(exp(min(sum.value, 88.0)));
  power = select(power, INFINITY_BITS, sum.value > 88.0);
  power = select(power, INFINITY_BITS, bits == INFINITY_BITS);
  power = select(power, 0u, bits == MINUS_INFINITY_BITS);
  power = select(power, NAN_BITS, (bits & 0x7fffffffu) > INFINITY_BITS);
  let emptyPower = select(params.emptyBits, 0x3f800000u, params.emptyBits == 0u);
  result[0] = select(bits, params.emptyBits, isEmpty);
  result[1] = select(power, emptyPower, isEmpty);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let block = (group.y * params.gridWidth + group.x) * TEAMS + thread / LANES;
  let lane = thread & (LANES - 1u);
  let begin = block * params.block;
  let end = min(begin + params.block, params.count);
  var own = nothing();
  // Chunks of 32 a lane: one running sum over a whole block drifts by 1e-5.
  for (var chunk = begin; chunk < end; chunk += LANES * 32u) {
    var part = nothing();
    let stop = min(chunk + LANES * 32u, end);
    for (var at = chunk + lane; at < stop; at += LANES) {
      part = joined(part, sumAt(at));
    }
    own = joined(own, part);
  }
  let sum = sumOfLanes(lane, own);
  if ((lane == 0u) & ((begin < params.count) | (block == 0u))) {
    if (LAST) {
      finish(sum);
    } else {
      let word = (params.firstBlock + block) * 4u;
      sums[word] = bitcast<u32>(sum.value);
      sums[word + 1u] = sum.flags;
      sums[word + 2u] = sum.nonFinite;
      sums[word + 3u] = sum.count;
    }
  }
}
