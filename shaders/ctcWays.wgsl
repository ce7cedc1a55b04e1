// Connectionist temporal classification, one step in time. Logarithms of probabilities are measured
// from the highest of their frame: at -3000 an f32 has no digits left for their differences. A
// probability of 0 is the lowest number.

@group(0) @binding(2) var<storage, read> sequences: array<Sequence>;  // (sequences)
@group(0) @binding(3) var<storage, read> labels: array<Label>;  // (sequences, room)

const HAS_NAN: u32 = 1u;
const IMPOSSIBLE: u32 = 2u;

fn isGone(log: f32) -> bool {
  return log < -3.4e38;
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

// ways + emission, where neither is impossible.
fn emitted(ways: f32, bits: u32) -> f32 {
  let gone = isGone(ways) || !isFiniteBits(bits);
  let x = select(0.0, bitcast<f32>(bits), isFiniteBits(bits));
  return select(ways + x, LOWEST, gone);
}

// log(e^a + e^b + e^c)
fn logSum(a: f32, b: f32, c: f32) -> f32 {
  let peak = max(max(a, b), c);
  let sum = expBelow(a, peak) + expBelow(b, peak) + expBelow(c, peak);
  return select(peak + logSafe(max(sum, 1.0)), LOWEST, isGone(peak));
}

fn expBelow(x: f32, peak: f32) -> f32 {
  return expSafe(max(x, peak - 100.0) - peak);
}

// A logarithm measured from `peak`.
fn above(log: f32, peak: f32) -> f32 {
  return select(log - peak, LOWEST, isGone(log) || isGone(peak));
}

var<workgroup> lanePairs: array<vec2f, LANES>;

fn highestOfLanes(own: vec2f, lane: u32) -> vec2f {
  lanePairs[lane] = own;
  workgroupBarrier();  // without it a lane reads its neighbour's slot before it is written
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) {
      lanePairs[lane] = max(lanePairs[lane], lanePairs[lane + reach]);
    }
    workgroupBarrier();  // the next, narrower step reads what this one wrote
  }
  let whole = lanePairs[0];
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
