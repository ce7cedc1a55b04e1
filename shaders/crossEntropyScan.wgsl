// Cross-entropy, first pass: what a lane learns from its share of a row in one read.
//   fast:  whole trips of four, for rows of ordinary numbers; one exp an element, one test a trip
//   slow:  one element at a time, the ends of every row and all of a row that holds anything odd
// Sums keep the peak's own term out of `rest`: log1p(rest) is then exact for confident rows too.

struct Sums {
  peak: f32,  // largest unit so far
  base: f32,  // what exponents are measured from: at most 2 nats below the peak
  own: f32,  // exp(peak - base); 0 before the first element
  rest: f32,  // sum of exp(x - base) over all others
  heat: f32,  // sum of exp(x - base) (base - x) / 2 over all, for the entropy
  mix: f32,  // sum of coefficients (smoothed or soft targets)
  pull: f32,  // sum of coefficient (base - x) / 2
  flags: u32,
}

const HAS_NAN: u32 = 1u;
const HAS_INFINITY: u32 = 2u;  // a logit of +infinity
const CAREFUL: u32 = 4u;
const BEATEN: u32 = 8u;  // some class comes before the label in argmax
const ABOVE: u32 = 16u;  // a coefficient times an infinite loss: +infinity
const BELOW: u32 = 32u;  // the same with a negative weight
const BLOCK: u32 = 64u;  // trips summed apart: one running f32 sum drifts by 5e-4 at 262 144

fn nothing() -> Sums {
  return Sums(LOWEST, LOWEST, 0.0, 0.0, 0.0, 0.0, 0.0, 0u);
}

fn rebased(sums: Sums, base: f32) -> Sums {
  let scale = decay(sums.base, base);
  let gap = select(0.0, 0.5 * base - 0.5 * sums.base, sums.own > 0.0);
  let heat = sums.heat + gap * (sums.own + sums.rest);
  return Sums(sums.peak, base, sums.own * scale, sums.rest * scale, heat * scale, sums.mix,
    sums.pull + sums.mix * gap, sums.flags);
}

// The base follows the peak in steps of 2 nats. In steps of 8 the exponents of the largest terms are
// so rounded that a gradient is off by 2.4e-7; following at once costs one rounded product per
// new peak: 2.9e-5 on a row in ascending order.
fn baseBelow(peak: f32, sums: Sums) -> f32 {
  let near = sums.own > 0.0 && (0.5 * peak - 0.5 * sums.base) * unitToNats() < 1.0;
  return select(peak, sums.base, near);
}

fn joined(a: Sums, b: Sums) -> Sums {
  let aIsHigh = a.own > 0.0 && (b.own == 0.0 || a.peak >= b.peak);
  let peak = select(b.peak, a.peak, aIsHigh);
  let base = baseBelow(peak, a);
  let c = rebased(a, base);
  let d = rebased(b, base);
  let rest = c.rest + d.rest + select(c.own, d.own, aIsHigh);
  return Sums(peak, base, select(d.own, c.own, aIsHigh), rest, c.heat + d.heat, c.mix + d.mix,
    c.pull + d.pull, c.flags | d.flags);
}

// As the end of a row reads them: seen from the peak, whose own term is 1.
fn settled(sums: Sums) -> Sums {
  var end = rebased(sums, sums.peak);
  end.own = min(sums.own, 1.0);
  return end;
}

fn scan(row: Row, labelBits: u32) -> Sums {
  let trips = tripsOf(row);
  var sums = scanTrips(row, trips, bitcast<f32>(labelBits));
  if ((sums.flags & CAREFUL) != 0u) {
    sums = nothing();  // again over its own trips: other lanes may be fast over theirs
    sums.flags = CAREFUL;
    for (var at = 0u; at < 4u * trips; at++) {
      sums = joined(sums, scanElement(row, classesAt(row, at / 4u)[at % 4u], labelBits));
    }
  }
  let slots = slotsOf(row, trips);
  for (var slot = row.lane; slot < slots; slot += LANES) {
    let k = slotClass(row, trips, slot);
    sums = joined(sums, scanElement(row, k, labelBits));
  }
  return sums;
}

fn scanTrips(row: Row, trips: u32, labelLogit: f32) -> Sums {
  let scale = unitToExponent();
  var sums = nothing();
  var top = vec4u(0u);
  for (var first = 0u; first < trips; first += BLOCK) {
    let end = min(first + BLOCK, trips);
    var rest = vec4f(0.0);
    var heat = vec4f(0.0);
    var mix = vec4f(0.0);
    var pull = vec4f(0.0);
    for (var trip = first; trip < end; trip++) {
      let raw = loadAt(row, trip);
      top = max(top, heightsOf(raw));
      let logit = valuesOf(raw);
      if ((STATS & 8u) != 0u) {
        let earlier = classesAt(row, trip) < vec4u(row.label);
        let ahead = select(logit > vec4f(labelLogit), logit >= vec4f(labelLogit), earlier);
        sums.flags |= select(0u, BEATEN, any(ahead));
      }
      var x = unitOf(logit);
      let peak = max(max(x.x, x.y), max(x.z, x.w));
      if (peak > sums.peak) {
        // Rare after the first trips. The peak's own term leaves the block's sum again, and exactly:
        // the block is empty just now.
        sums = withPeak(withBlock(sums, rest, heat, mix, pull), peak);
        heat = vec4f(0.0);
        mix = vec4f(0.0);
        pull = vec4f(0.0);
        let isPeak = select(vec4f(0.0), vec4f(1.0), x == vec4f(peak));
        sums.rest += sums.own * (dot(isPeak, vec4f(1.0)) - 1.0);
        rest = -sums.own * isPeak;
      }
      let fall = x - sums.base;
      let e = exp2(max(fall * scale, vec4f(-126.0)));
      rest += e;
      if ((STATS & 4u) != 0u) {
        heat -= 0.5 * e * fall;
      }
      if (MIXED) {
        let q = coefficientsAt(row, trip);
        mix += q;
        pull -= 0.5 * q * fall;
      }
    }
    sums = withBlock(sums, rest, heat, mix, pull);
  }
  let height = max(max(top.x, top.y), max(top.z, top.w));
  let odd = MIXED && !isFiniteBits(bitcast<u32>(sums.mix));
  sums.flags |= select(0u, CAREFUL, odd || height >= carefulHeight());
  return sums;
}

fn withPeak(sums: Sums, peak: f32) -> Sums {
  let base = baseBelow(peak, sums);
  var next = rebased(sums, base);
  next.peak = peak;
  next.rest += next.own;
  next.own = exp2((peak - base) * unitToExponent());
  return next;
}

fn withBlock(sums: Sums, rest: vec4f, heat: vec4f, mix: vec4f, pull: vec4f) -> Sums {
  let one = vec4f(1.0);
  var next = sums;
  next.rest += dot(rest, one);
  next.heat += dot(heat, one);
  next.mix += dot(mix, one);
  next.pull += dot(pull, one);
  return next;
}
