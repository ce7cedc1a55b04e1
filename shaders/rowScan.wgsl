// Row losses, the log-sum-exp of a row in one read. The largest score's own term is kept out of
// `rest`: log(1 + rest) is then exact for confident rows too.

struct Scan {
  peak: f32,  // largest score so far
  rest: f32,  // sum of exp((x - peak) / temperature) without the peak's own; -1 before the first
  at: u32,  // the class of the peak
  flags: u32,
}

const HAS_INFINITY: u32 = 8u;  // a score of +infinity

fn temperature() -> f32 {
  if (TEMPERED) {
    return params.temperature;
  }
  return 1.0;
}

fn nothing() -> Scan {
  return Scan(LOWEST, -1.0, 0u, 0u);
}

// exp((x - peak) / temperature), for any two finite numbers: halves, as 3e38 - -3e38 is no number.
fn decay(x: f32, peak: f32) -> f32 {
  let t = temperature();
  return expSafe(2.0 * max(0.5 * x - 0.5 * peak, -50.0 * t) / t);
}

fn withScore(scan: Scan, bits: u32, k: u32) -> Scan {
  if (!isFiniteBits(bits)) {
    // -infinity is a probability of 0, and adds nothing.
    let flag = select(select(0u, HAS_INFINITY, bits == INFINITY_BITS), HAS_NAN, isNanBits(bits));
    return Scan(scan.peak, scan.rest, scan.at, scan.flags | flag);
  }
  // One exponential either way: a new peak lowers what was summed, any other score is added to it.
  let x = bitcast<f32>(bits);
  let peak = max(x, scan.peak);
  let e = decay(min(x, scan.peak), peak);
  let raised = x > scan.peak;
  return Scan(peak, select(scan.rest + e, (scan.rest + 1.0) * e, raised),
    select(scan.at, k, raised || scan.rest < 0.0), scan.flags);
}

fn joinedScans(a: Scan, b: Scan) -> Scan {
  let flags = a.flags | b.flags;
  if (b.rest < 0.0) {
    return Scan(a.peak, a.rest, a.at, flags);
  }
  if (a.rest < 0.0) {
    return Scan(b.peak, b.rest, b.at, flags);
  }
  let isFirst = a.peak >= b.peak;
  let peak = max(a.peak, b.peak);
  let lowRest = select(a.rest, b.rest, isFirst);
  let rest = select(b.rest, a.rest, isFirst) + (lowRest + 1.0) * decay(min(a.peak, b.peak), peak);
  return Scan(peak, rest, select(b.at, a.at, isFirst), flags);
}

// A NaN, a score of +infinity, or nothing but -infinity: the row has no softmax.
fn isBroken(scan: Scan) -> bool {
  return (scan.flags & (HAS_NAN | HAS_INFINITY)) != 0u || scan.rest < 0.0;
}

fn logSumOf(scan: Scan) -> f32 {
  return log1pSafe(max(scan.rest, 0.0));
}
