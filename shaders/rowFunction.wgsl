// Functions of the rows of logits: softmax, its logarithm, or the log-sum-exp. One read for the scan,
// one for the values and for what the gradient needs to know of the upstream factors.

@group(0) @binding(3) var<storage, read_write> output: array<u32>;  // (rows, width) bits of f32
@group(0) @binding(4) var<storage, read_write> gradient: array<u32>;  // (rows, classes) bits of f32

const LOG_SOFTMAX: u32 = 0u;
const SOFTMAX: u32 = 1u;
const LOG_SUM_EXP: u32 = 2u;
const HAS_NAN: u32 = 1u;

struct Row { index: u32, base: u32, lane: u32, exists: bool }

fn rowAt(group: vec3u, thread: u32) -> Row {
  let place = (group.y * params.gridWidth + group.x) * ROWS + thread / LANES;
  let inside = min(place, params.rows - 1u);
  return Row(inside, inside * params.classes, thread % LANES, place < params.rows);
}

fn scanOf(row: Row, thread: u32) -> Scan {
  var scan = nothing();
  if (row.exists) {
    for (var begin = 0u; begin < params.classes; begin += BLOCK) {
      var block = nothing();
      let end = min(begin + BLOCK, params.classes);
      for (var k = begin + row.lane; k < end; k += LANES) {
        block = withScore(block, firstBits(row.base + k), k);
      }
      scan = joinedScans(scan, block);
    }
  }
  return joinedScan(scan, thread);
}

// The factor on a number of the row: one for all, one a row, or one for each class.
fn upstreamBits(row: Row, k: u32) -> u32 {
  if (UPSTREAM == 0u) {
    return bitcast<u32>(params.upstream);
  }
  let place = select(row.base + k, row.index, FUNCTION == LOG_SUM_EXP);
  return secondBits(select(place, 0u, UPSTREAM == 1u));
}

// What softmax measures its factors from: the likeliest class's own. Equal factors have gradient 0.
fn originOf(row: Row, scan: Scan) -> f32 {
  if (FUNCTION != SOFTMAX || !row.exists) {
    return 0.0;
  }
  let bits = upstreamBits(row, scan.at);
  return select(0.0, bitcast<f32>(bits), isFiniteBits(bits));
}

// What the factors of the row come to: their sum, or their mean over the softmax.
fn pullOf(row: Row, scan: Scan, origin: f32) -> Sums {
  var sums = noSums();
  if (FUNCTION == LOG_SUM_EXP) {
    sums.flags = select(HAS_NAN, 0u, isFiniteBits(upstreamBits(row, 0u)));
    return sums;
  }
  for (var begin = 0u; begin < params.classes; begin += BLOCK) {
    var block = noSums();
    let end = min(begin + BLOCK, params.classes);
    for (var k = begin + row.lane; k < end; k += LANES) {
      let bits = upstreamBits(row, k);
      let finite = isFiniteBits(bits);
      let g = select(0.0, bitcast<f32>(bits) - origin, finite);
      let share = select(1.0, softmaxPoint(firstBits(row.base + k), scan).p, FUNCTION == SOFTMAX);
      block = addedSums(block, Sums(share * g, 0.0, 0.0, select(HAS_NAN, 0u, finite)));
    }
    sums = addedSums(sums, block);
  }
  return sums;
}

fn valueBits(bits: u32, scan: Scan) -> u32 {
  let point = softmaxPoint(bits, scan);
  if (FUNCTION == SOFTMAX) {
    return select(bitcast<u32>(point.p), NAN_BITS, point.broken);
  }
  let log = select(bitcast<u32>(logOf(point)), MINUS_INFINITY_BITS, !isFiniteBits(bits));
  return select(log, NAN_BITS, point.broken);
}

// At both infinities the log of the sum of exponentials is plain.
fn logSumExpBits(scan: Scan) -> u32 {
  var bits = bitcast<u32>(scan.peak + logSumOf(scan));
  bits = select(bits, MINUS_INFINITY_BITS, scan.rest < 0.0);
  bits = select(bits, INFINITY_BITS, (scan.flags & HAS_INFINITY) != 0u);
  return select(bits, NAN_BITS, (scan.flags & HAS_NAN) != 0u);
}

fn gradientBits(row: Row, k: u32, scan: Scan, origin: f32, pull: Sums) -> u32 {
  if (isBroken(scan) || (pull.flags & HAS_NAN) != 0u) {
    return NAN_BITS;
  }
  let p = softmaxPoint(firstBits(row.base + k), scan).p;
  let g = bitcast<f32>(upstreamBits(row, k)) - origin;
  if (FUNCTION == LOG_SUM_EXP) {
    return bitcast<u32>(p * g);
  }
  return bitcast<u32>(select(g - p * pull.value, p * (g - pull.value), FUNCTION == SOFTMAX));
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = rowAt(group, thread);
  let scan = scanOf(row, thread);
  var pull = noSums();
  let origin = originOf(row, scan);
  if (GRADIENT) {
    if (row.exists) {
      pull = pullOf(row, scan, origin);
    }
    pull = joinedSums(pull, thread);
  }
  if (FUNCTION == LOG_SUM_EXP && row.exists && row.lane == 0u) {
    output[params.outputStart + row.index] = logSumExpBits(scan);
  }
  if (row.exists) {
    for (var begin = 0u; begin < params.classes; begin += BLOCK) {
      let end = min(begin + BLOCK, params.classes);
      for (var k = begin + row.lane; k < end; k += LANES) {
        let place = row.base + k;
        if (FUNCTION != LOG_SUM_EXP) {
          output[params.outputStart + place] = valueBits(firstBits(place), scan);
        }
        if (GRADIENT) {
          gradient[params.gradientStart + place] = gradientBits(row, k, scan, origin, pull);
        }
      }
    }
  }
}
