// Losses of the label's probability alone. The label is set apart from all other classes together,
// so that neither p nor 1 - p is ever a difference: both follow from how far the others lie above it.

@group(0) @binding(6) var<storage, read> extras: array<u32>;  // (classes) factors
@group(0) @binding(7) var<storage, read_write> gradient: array<u32>;  // (rows, classes) bits of f32

// A row's loss and its slope by the label's own logit.
struct Dual { value: f32, slope: f32 }

struct Verdict { value: f32, slope: f32, flags: u32 }

fn scanOthers(row: Row, thread: u32) -> Scan {
  var scan = nothing();
  if (SOFTMAX) {
    if (row.counts) {
      for (var begin = 0u; begin < params.classes; begin += BLOCK) {
        var block = nothing();
        let end = min(begin + BLOCK, params.classes);
        for (var k = begin + row.lane; k < end; k += LANES) {
          if (k != row.label) {
            block = withScore(block, firstBits(row.base + k), k);
          }
        }
        scan = joinedScans(scan, block);
      }
    }
    scan = joinedScan(scan, thread);
  }
  return scan;
}

fn verdictOf(row: Row, others: Scan) -> Verdict {
  let bits = firstBits(row.base + row.label);
  let own = bitcast<f32>(bits);
  let gone = bits == MINUS_INFINITY_BITS;
  if (isNanBits(bits)) {
    return Verdict(0.0, -1.0, HAS_NAN);
  }
  if (!SOFTMAX) {
    // The log-probability itself; at an infinity the loss is the other one.
    let given = select(select(LARGEST, LOWEST, gone), own, isFiniteBits(bits));
    let d = label(given, 0.0);
    return Verdict(d.value, d.slope, infiniteFlags(d.value));
  }
  let alone = others.rest < 0.0;
  let broken = (others.flags & (HAS_NAN | HAS_INFINITY)) != 0u || bits == INFINITY_BITS;
  if (broken || (alone && gone)) {
    return Verdict(0.0, 0.0, HAS_NAN);
  }
  // Without another class the label is certain: no loss, and nothing that could change it.
  if (alone) {
    return Verdict(0.0, 0.0, 0u);
  }
  var lead = LARGEST;
  if (!gone) {
    lead = difference(others.peak, own) + logSumOf(others);
  }
  let d = label(-softplus(lead), -softplus(-lead));
  return Verdict(d.value, d.slope, infiniteFlags(d.value));
}

fn rowScale(row: Row) -> f32 {
  if (LABEL_FACTOR == 2u && row.counts) {
    return bitcast<f32>(extras[params.extrasStart + row.label]);
  }
  return select(1.0, params.labelFactor, LABEL_FACTOR == 1u);
}

fn gradientAt(row: Row, k: u32, others: Scan, verdict: Verdict, factor: f32) -> u32 {
  if (!row.counts || factor == 0.0) {
    return 0u;
  }
  if (SOFTMAX && (verdict.flags & HAS_NAN) != 0u) {
    return NAN_BITS;
  }
  if (k == row.label) {
    return bitcast<u32>(factor * verdict.slope);
  }
  if (!SOFTMAX || others.rest < 0.0) {
    return 0u;
  }
  let bits = firstBits(row.base + k);
  let x = select(LOWEST, bitcast<f32>(bits), isFiniteBits(bits));
  let share = select(0.0, decay(x, others.peak) / (1.0 + others.rest), isFiniteBits(bits));
  return bitcast<u32>(-factor * verdict.slope * share);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = rowAt(group, thread);
  let others = scanOthers(row, thread);
  var verdict = Verdict(0.0, 0.0, 0u);
  if (row.counts) {
    verdict = verdictOf(row, others);
  }
  if (row.exists && row.lane == 0u) {
    reportRow(row, verdict.value, verdict.flags, rowScale(row));
  }
  if (GRADIENT && row.exists) {
    let factor = row.gradientFactor * rowScale(row);
    for (var begin = 0u; begin < params.classes; begin += BLOCK) {
      let end = min(begin + BLOCK, params.classes);
      for (var k = begin + row.lane; k < end; k += LANES) {
        gradient[params.gradientStart + row.base + k] = gradientAt(row, k, others, verdict, factor);
      }
    }
  }
}
