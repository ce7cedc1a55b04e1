// Cross-entropy, second pass: the gradient of a row, each lane its own share. It walks backwards,
// because what the first pass read last is what the cache still holds.
// Returns the lane's part of the sum of gradient * logit, from which the temperature's slope follows.

fn gradientPass(row: Row, verdict: Verdict) -> f32 {
  var trips = tripsOf(row);
  if (row.gradientFactor == 0.0 || row.label >= OUT_OF_RANGE) {
    fill(row, 0u);
    return 0.0;
  }
  if ((verdict.flags & (HAS_NAN | HAS_INFINITY)) != 0u) {
    fill(row, NAN_BITS);
    return 0.0;
  }
  if ((verdict.flags & CAREFUL) != 0u) {
    trips = 0u;
  }
  var moment = storeSlots(row, verdict, trips);
  let scale = unitToExponent();
  for (var left = trips; left > 0u; left--) {
    let raw = loadAt(row, left - 1u);
    let logit = valuesOf(raw);
    let x = unitOf(logit);
    var g = verdict.push * exp2(max((x - verdict.peak) * scale, vec4f(-126.0)));
    if (MIXED) {
      g -= verdict.pull * coefficientsAt(row, left - 1u);
    }
    if (SOFTCAPPED) {
      g *= slackOf(x);
    }
    if (INDEXED) {
      let isLabel = classesAt(row, left - 1u) == vec4u(row.label);
      g = select(g, vec4f(verdict.labelSlope), isLabel);
    }
    if ((STATS & 16u) != 0u) {
      moment += dot(g, logit - momentOrigin(verdict));
    }
    storeAt(row, left - 1u, g);
  }
  return moment;
}

// The gradient at one class, and what it adds to the moment; with care.
struct Slope { gradient: f32, moment: f32 }

fn slopeAt(row: Row, verdict: Verdict, k: u32) -> Slope {
  let bits = bitsAt(row, k);
  let element = elementOfBits(bits);
  var g = verdict.push * select(decay(element.unit, verdict.peak), 0.0, element.lost);
  if (MIXED) {
    g -= verdict.pull * coefficientAt(row, k);
  }
  g *= slackOf(vec4f(element.unit)).x;
  if (INDEXED && k == row.label) {
    g = verdict.labelSlope;
  }
  var moment = 0.0;
  if ((STATS & 16u) != 0u && !element.lost && isFiniteBits(bits)) {
    moment = g * (bitcast<f32>(bits) - momentOrigin(verdict));
  }
  return Slope(g, moment);
}

// Without a soft cap the gradient sums to `lean`, so that logits may be measured from the peak:
// near 1e4 the sum of g * x cancels to nothing, the sum of g * (x - peak) does not.
fn momentOrigin(verdict: Verdict) -> f32 {
  return select(verdict.peak, 0.0, SOFTCAPPED);
}

fn reportTemperature(row: Row, verdict: Verdict, moment: f32) {
  let sum = moment + momentOrigin(verdict) * verdict.lean;
  let broken = (verdict.flags & (HAS_NAN | HAS_INFINITY)) != 0u && row.gradientFactor != 0.0;
  let bits = bitsOf(-sum / temperature(), select(0u, HAS_NAN, broken));
  report(row, countOneBits(STATS), select(bits, 0u, row.label >= OUT_OF_RANGE));
}
