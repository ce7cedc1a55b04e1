// Row losses, one number of a row as its hook reads it: a probability and its logarithm, or the number
// itself. What has probability 0 has the lowest number for a logarithm; isGone tells it.

const LOGITS: u32 = 0u;
const LOG_PROBS: u32 = 1u;
const PROBS: u32 = 2u;
const PLAIN: u32 = 3u;
const MARGIN: u32 = 4u;
const INFINITE: f32 = 3.4028234e38;  // hooks return it for an infinite value or slope

// The logarithm is high / temperature + low; apart, they lose nothing when two points are compared.
struct Point { p: f32, high: f32, low: f32, broken: bool }

fn logOf(point: Point) -> f32 {
  let t = temperature();
  return select(point.high / t + point.low, LOWEST, point.high < -3.4e38 * min(t, 1.0));
}

// log(p/q): its error is one of the ratio, not one of the two logarithms.
fn ratioOf(one: Point, other: Point) -> f32 {
  return (one.high - other.high) / temperature() + (one.low - other.low);
}

fn isGone(log: f32) -> bool {
  return log < -3.4e38;
}

// A number of either sign, infinities as the largest ones.
fn bounded(bits: u32) -> f32 {
  return select(select(LARGEST, LOWEST, bits >= 0x80000000u), bitcast<f32>(bits), isFiniteBits(bits));
}

fn softmaxPoint(bits: u32, scan: Scan) -> Point {
  if (isBroken(scan)) {
    return Point(0.0, 0.0, 0.0, true);
  }
  let lowest = LOWEST * min(temperature(), 1.0);
  if (!isFiniteBits(bits)) {
    return Point(0.0, lowest, 0.0, false);
  }
  let x = bitcast<f32>(bits);
  let fall = 2.0 * max(0.5 * x - 0.5 * scan.peak, 0.5 * lowest);
  return Point(decay(x, scan.peak) / (1.0 + scan.rest), fall, -logSumOf(scan), false);
}

fn logPoint(bits: u32) -> Point {
  let x = bounded(bits);
  let p = select(exp(clamp(x, 0.0, 88.0)), expSafe(x), x < 0.0);
  return Point(p, x, 0.0, isNanBits(bits) || bits == INFINITY_BITS);
}

fn probabilityPoint(bits: u32) -> Point {
  let magnitude = bits & 0x7fffffffu;
  // Subnormals count as 0: a device may flush them.
  if (magnitude < 0x00800000u) {
    return Point(0.0, LOWEST, 0.0, false);
  }
  let x = bitcast<f32>(magnitude);
  return Point(x, logSafe(min(x, LARGEST)), 0.0, bits >= INFINITY_BITS);
}

// How far a score lies above the label's own; the label itself is not compared.
fn marginPoint(bits: u32, own: u32, isLabel: bool) -> Point {
  let bothEnds = bits == own && !isFiniteBits(bits);
  let gap = select(difference(bounded(bits), bounded(own)), 0.0, isLabel);
  let ended = !isFiniteBits(bits) || !isFiniteBits(own);
  let beyond = select(gap, select(LOWEST, LARGEST, gap > 0.0), ended && gap != 0.0);
  return Point(beyond, beyond, 0.0, !isLabel && (isNanBits(bits) || isNanBits(own) || bothEnds));
}

fn pointOf(form: u32, bits: u32, scan: Scan) -> Point {
  if (form == LOGITS) {
    return softmaxPoint(bits, scan);
  }
  if (form == LOG_PROBS) {
    return logPoint(bits);
  }
  if (form == PROBS) {
    return probabilityPoint(bits);
  }
  let x = bounded(bits);
  return Point(x, x, 0.0, isNanBits(bits));
}
