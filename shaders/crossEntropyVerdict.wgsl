// Cross-entropy, the few numbers that the gradient of a row is made of:
//   gradient[k] = chain ((own + mix + 2 zLoss lse) p[k] - q[k] - own [k = label])
// with chain = upstream * reduction / temperature, times 1 - (x/softcap)^2 where logits are capped.

struct Verdict {
  base: f32,
  push: f32,  // times exp(x - base): what spreads over all classes
  pull: f32,  // times a coefficient: what smoothed or soft targets take away again
  own: f32,  // what the label takes away
  labelSlope: f32,  // the gradient at the label, exact where p - 1 would cancel
  lean: f32,  // sum of the row's gradient: 0 but for the z-loss
  flags: u32,
  kept: u32,  // all bits, or none where the gradient is 0 whatever the logits hold
}

fn verdictOf(row: Row, end: Outcome) -> Verdict {
  let chain = row.gradientFactor / row.temperature;
  let slack = slackOf(vec4f(end.label.unit)).x;
  var spread = 0.0;
  var labelPull = 0.0;
  if (MIXED) {
    spread = end.mix;
    labelPull = mixScale() * coefficientAt(row, row.label);
  }
  var lift = 0.0;
  if (ZLOSS) {
    lift = 2.0 * params.zLoss * (end.base * row.nats + end.logSum);
  }
  spread += lift;
  let p = end.term / end.whole;
  let others = select(1.0 - p, end.rest / end.whole, end.term > end.rest);
  let labelSlope = spread * p - labelPull - end.own * others;
  let push = (end.own + spread) * row.gradientFactor / (end.whole * row.temperature);
  let isZero = (row.gradientFactor == 0.0) | (row.label >= OUT_OF_RANGE);
  return Verdict(end.base, push, chain * mixScale(), chain * end.own * slack, chain * labelSlope * slack, chain * lift,
    end.flags, select(0xffffffffu, 0u, isZero));
}

// Without a soft cap the gradient sums to `lean`, so that logits may be measured from the base: near
// 1e4 the sum of g * x cancels to nothing, the sum of g * (x - base) does not.
fn momentOrigin(verdict: Verdict) -> f32 {
  return select(verdict.base, 0.0, SOFTCAPPED);
}

fn reportTemperature(row: Row, verdict: Verdict, moment: f32) {
  let sum = moment + momentOrigin(verdict) * verdict.lean;
  let broken = select(0u, verdict.flags & HAS_NAN, row.gradientFactor != 0.0);
  let bits = bitsOf(-sum / row.temperature, broken);
  report(row, countOneBits(STATS), select(bits, 0u, row.label >= OUT_OF_RANGE));
}
