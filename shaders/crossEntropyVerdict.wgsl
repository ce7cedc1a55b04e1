// Cross-entropy, the few numbers that the gradient of a row is made of:
//   gradient[k] = chain ((own + mix + 2 zLoss lse) p[k] - q[k] - own [k = label])
// with chain = upstream * reduction / temperature, times 1 - (x/softcap)^2 where logits are capped.

struct Verdict {
  peak: f32,
  push: f32,  // times exp(x - peak): what spreads over all classes
  pull: f32,  // times a coefficient: what smoothed or soft targets take away again
  own: f32,  // what the label takes away
  labelSlope: f32,  // the gradient at the label, exact where p - 1 would cancel
  lean: f32,  // sum of the row's gradient: 0 but for the z-loss
  flags: u32,
}

fn verdictOf(row: Row, sums: Sums, labelBits: u32) -> Verdict {
  let whole = 1.0 + sums.rest;
  let chain = row.gradientFactor / temperature();
  let label = elementOfBits(labelBits);
  let own = ownOf(row);
  let lse = sums.peak * unitToNats() + log1p(sums.rest);
  let lift = select(0.0, 2.0 * params.zLoss * lse, ZLOSS);
  let spread = select(0.0, mixOf(sums), MIXED) + lift;
  let q = select(0.0, mixScale() * coefficientAt(row, row.label), MIXED);

  let p = select(decay(label.unit, sums.peak) / whole, 0.0, label.lost);
  let isPeak = label.unit == sums.peak && !label.lost;
  let others = select(1.0 - p, sums.rest / whole, isPeak);
  let slack = slackOf(vec4f(label.unit)).x;
  let labelSlope = chain * slack * (spread * p - q - own * others);
  let flags = sums.flags | select(0u, HAS_NAN, sums.own == 0.0);
  return Verdict(sums.peak, chain * (own + spread) / whole, chain * mixScale(), chain * own,
    labelSlope, chain * lift, flags);
}

// How much of a logit's movement the soft cap lets through.
fn slackOf(unit: vec4f) -> vec4f {
  if (SOFTCAPPED) {
    let t = unit / params.softcap;
    return (1.0 - t) * (1.0 + t);
  }
  return vec4f(1.0);
}
