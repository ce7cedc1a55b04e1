// A sum in a fixed order: blocks first, then, where there are several, their sums. With LOSSES it is
// that of weighted losses over their denominators. NaN and infinity never enter a sum: told from bits.

@group(0) @binding(1) var<storage, read> values: array<u32>;  // (rows) bits of f32
@group(0) @binding(2) var<storage, read> totals: array<f32>;  // (segments, …)
@group(0) @binding(3) var<storage, read_write> sums: array<u32>;  // (blocks, 3)
@group(0) @binding(4) var<storage, read_write> status: array<u32>;  // (5)
@group(0) @binding(5) var<storage, read_write> result: array<u32>;  // (2) the loss, its exp

struct Sum { value: f32, flags: u32, nonFinite: u32 }

const SAW_NAN: u32 = 1u;
const SAW_PLUS: u32 = 2u;
const SAW_MINUS: u32 = 4u;

var<workgroup> lanes: array<Sum, LANES>;

fn joined(a: Sum, b: Sum) -> Sum {
  return Sum(a.value + b.value, a.flags | b.flags, a.nonFinite + b.nonFinite);
}

fn sumAt(at: u32) -> Sum {
  if (!FIRST) {
    return Sum(bitcast<f32>(sums[at * 3u]), sums[at * 3u + 1u], sums[at * 3u + 2u]);
  }
  let bits = values[params.valuesStart + at];
  if (isNanBits(bits)) {
    return Sum(0.0, SAW_NAN, 1u);
  }
  if (!isFiniteBits(bits)) {
    return Sum(0.0, select(SAW_PLUS, SAW_MINUS, bits >= 0x80000000u), 1u);
  }
  let value = bitcast<f32>(bits);
  if (LOSSES && SEGMENTED) {
    return Sum(value * totals[at / params.segmentLength], 0u, 0u);
  }
  return Sum(value, 0u, 0u);
}

fn finish(sum: Sum) {
  var value = sum.value;
  if (LOSSES && !SEGMENTED) {
    value *= totals[0];
  }
  var bits = bitcast<u32>(value);
  var power = bitcast<u32>(exp(min(value, 88.0)));
  if (value > 88.0 || (sum.flags & SAW_PLUS) != 0u) {
    power = INFINITY_BITS;
  }
  if ((sum.flags & SAW_PLUS) != 0u) {
    bits = INFINITY_BITS;
  }
  if ((sum.flags & SAW_MINUS) != 0u) {
    bits = MINUS_INFINITY_BITS;
    power = 0u;
  }
  let both = (sum.flags & (SAW_PLUS | SAW_MINUS)) == (SAW_PLUS | SAW_MINUS);
  if (both || (sum.flags & SAW_NAN) != 0u) {
    bits = NAN_BITS;
    power = NAN_BITS;
  }
  if (LOSSES) {
    if ((status[0] & 0x7fffffffu) == 0u) {
      bits = params.emptyBits;
      power = select(params.emptyBits, 0x3f800000u, params.emptyBits == 0u);
    }
    status[3] = sum.nonFinite;
    result[1] = power;
  }
  result[0] = bits;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = group.y * params.gridWidth + group.x;
  let begin = block * params.block;
  let end = min(begin + params.block, params.count);
  var sum = Sum(0.0, 0u, 0u);
  // Chunks of 32 a lane: one running sum over a whole block drifts by 1e-5.
  for (var chunk = begin; chunk < end; chunk += LANES * 32u) {
    var part = Sum(0.0, 0u, 0u);
    let stop = min(chunk + LANES * 32u, end);
    for (var at = chunk + lane; at < stop; at += LANES) {
      part = joined(part, sumAt(at));
    }
    sum = joined(sum, part);
  }
  lanes[lane] = sum;
  workgroupBarrier();  // without it a lane reads its neighbour's sum before it is written
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) {
      lanes[lane] = joined(lanes[lane], lanes[lane + reach]);
    }
    workgroupBarrier();  // the next, narrower step reads what this one wrote
  }
  if (lane == 0u && (begin < params.count || block == 0u)) {
    if (LAST) {
      finish(lanes[0]);
    } else {
      sums[block * 3u] = bitcast<u32>(lanes[0].value);
      sums[block * 3u + 1u] = lanes[0].flags;
      sums[block * 3u + 2u] = lanes[0].nonFinite;
    }
  }
}
