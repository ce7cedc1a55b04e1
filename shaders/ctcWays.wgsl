// Connectionist temporal classification, one step in time. Probabilities of many frames are beyond
// any f32, and their logarithms have no digits left for their differences; so they are kept as a
// number in [1, 2) times a power of two. What is impossible is 0.

@group(0) @binding(2) var<storage, read> sequences: array<Sequence>;  // (sequences)
@group(0) @binding(3) var<storage, read> labels: array<Label>;  // (sequences, room)

const HAS_NAN: u32 = 1u;
const IMPOSSIBLE: u32 = 2u;
const LOWEST_POWER: f32 = -1e30;

struct Wide { m: f32, power: f32 }

fn normalized(x: f32, power: f32) -> Wide {
  let bits = bitcast<u32>(x);
  let m = bitcast<f32>((bits & 0x007fffffu) | 0x3f800000u);
  let e = f32(i32(bits >> 23u) - 127);
  return Wide(select(m, 0.0, x == 0.0), select(power + e, LOWEST_POWER, x == 0.0));
}

// x 2^n for whole n <= 0; what is 2^-60 of its neighbours adds nothing to them.
fn lowered(x: f32, n: f32) -> f32 {
  return select(0.0, x * bitcast<f32>(u32(i32(max(n, -60.0)) + 127) << 23u), n > -60.0);
}

fn sum(a: Wide, b: Wide, c: Wide) -> Wide {
  let power = max(max(a.power, b.power), c.power);
  let x = lowered(a.m, a.power - power) + lowered(b.m, b.power - power)
    + lowered(c.m, c.power - power);
  return normalized(x, power);
}

fn product(a: Wide, b: Wide) -> Wide {
  return normalized(a.m * b.m, a.power + b.power);
}

// exp of a log-probability, given as bits.
fn wideExp(bits: u32) -> Wide {
  if (!isFiniteBits(bits)) {
    return Wide(0.0, LOWEST_POWER);
  }
  let x = bitcast<f32>(bits);
  let n = round(x * LOG2E);
  // log 2 in two parts, of which the first is short: its product with n is exact.
  let r = clamp((x - n * 0.693359375) + n * 2.1219444e-4, -0.5, 0.5);
  return normalized(expWide(r), n);
}

fn logOf(a: Wide) -> f32 {
  return logSafe(max(a.m, 1.0)) + a.power * 0.6931472;
}

fn classOf(n: u32, state: u32) -> u32 {
  if (state % 2u == 0u) {
    return params.blank;
  }
  return labels[n * params.room + state / 2u].k;
}

// May a state follow the one two before it? Not a blank, nor the same label again.
fn skips(n: u32, state: u32) -> bool {
  if (state % 2u == 0u || state < 2u) {
    return false;
  }
  let at = n * params.room + state / 2u;
  return labels[at].k != labels[at - 1u].k;
}

// The bits of the log-probability of a state's class in a frame.
fn emissionBits(n: u32, frame: u32, state: u32) -> u32 {
  let row = (frame - params.firstFrame) * params.sequences + n;
  return firstBits(row * params.classes + classOf(n, state));
}

fn isSpoiled(bits: u32) -> bool {
  return isNanBits(bits) || bits == INFINITY_BITS;
}

var<workgroup> lanePairs: array<vec2f, LANES>;

fn highestOfLanes(own: f32, lane: u32) -> f32 {
  lanePairs[lane].x = own;
  workgroupBarrier();  // without it a lane reads its neighbour's slot before it is written
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) {
      lanePairs[lane].x = max(lanePairs[lane].x, lanePairs[lane + reach].x);
    }
    workgroupBarrier();  // the next, narrower step reads what this one wrote
  }
  let whole = lanePairs[0].x;
  workgroupBarrier();  // the next pair is written over this one
  return whole;
}

fn sumOfLanes(own: vec2f, lane: u32) -> vec2f {
  lanePairs[lane] = own;
  workgroupBarrier();
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) {
      lanePairs[lane] += lanePairs[lane + reach];
    }
    workgroupBarrier();
  }
  let whole = lanePairs[0];
  workgroupBarrier();
  return whole;
}
