// Cross-entropy of few classes, what is known of four rows. The maximum comes first, so that no exponent
// is positive and nothing has to be done again; its own term is exactly 1 and stays out of the sum, of
// which log1p then keeps every digit.

struct FourSums {
  base: vec4f,  // the largest unit
  ones: vec4f,  // how many classes have it
  others: vec4f,  // sum of exp(x - base) over all but those
  heat: vec4f,  // sum of exp(x - base) (base - x) / 2, for the entropy
  pull: vec4f,  // sum of coefficient (base - x) / 2
  flags: vec4u,
}

fn scanFour(row: Row, four: Four) -> FourSums {
  var top = vec4f(LOWEST);
  var height = vec4u(0u);  // magnitudes as integers, in which NaN is the greatest
  for (var k = 0u; k < params.classes; k++) {
    let bits = bitsOfFour(elementsOf(four, vec4u(k)));
    top = max(top, bitcast<vec4f>(bits));
    if (SOFTCAPPED) {
      height = max(height, bits & vec4u(0x7fffffffu));
    }
  }
  var sums: FourSums;
  sums.base = unitsOfBits(row, bitcast<vec4u>(top));
  var goal = vec4u(0u);
  if ((STATS & 8u) != 0u) {
    goal = ranksOf(bitsOfFour(elementsOf(four, labelsOf(four))));
  }
  for (var k = 0u; k < params.classes; k++) {
    let bits = bitsOfFour(elementsOf(four, vec4u(k)));
    let x = unitsOfBits(row, bits);
    let isTop = x >= sums.base;
    let e = select(exp2((x - sums.base) * row.scale), vec4f(0.0), isTop);
    sums.ones += select(vec4f(0.0), vec4f(1.0), isTop);
    sums.others += e;
    // A class of probability 0 may be infinitely far away.
    let gap = min(0.5 * sums.base - 0.5 * x, vec4f(3.4e38));
    if ((STATS & 4u) != 0u) {
      sums.heat += e * gap;
    }
    if (MIXED) {
      let q = coefficientAt(row, k);
      let lost = (bits == vec4u(MINUS_INFINITY_BITS)) & vec4<bool>(!SOFTCAPPED);
      sums.pull += q * select(gap, vec4f(0.0), lost);
      sums.flags |= flagged(lost, lossOfImpossible(q));
      sums.flags |= vec4u(select(HAS_NAN, 0u, isFinite(q)));
    }
    if ((STATS & 8u) != 0u) {
      let rank = ranksOf(bits);
      let ahead = (rank > goal) | ((rank == goal) & (vec4u(k) < four.label));
      sums.flags |= flagged(ahead, BEATEN);
    }
  }
  // +infinity is the largest logit where there is one; NaN has left its mark on the sum, if no tanh has
  // hidden it.
  let isInfinite = (bitcast<vec4u>(top) == vec4u(INFINITY_BITS)) & vec4<bool>(!SOFTCAPPED);
  let isNan = ((bitcast<vec4u>(sums.others) & vec4u(INFINITY_BITS)) == vec4u(INFINITY_BITS))
    | (height > vec4u(INFINITY_BITS));
  sums.flags |= flagged(isInfinite, HAS_INFINITY) | flagged(isNan, SAW_NAN);
  sums.flags |= flagged((sums.ones > vec4f(0.0)) | vec4<bool>(SOFTCAPPED), SOME);
  return sums;
}

// What the first of four rows comes to.
fn outcomeOfFirst(row: Row, sums: FourSums) -> Outcome {
  let label = elementOfBits(row, bitsAt(row, min(row.label, params.classes - 1u)));
  let base = sums.base.x;
  let beside = sums.ones.x - 1.0 + sums.others.x;  // all terms but the largest one
  let whole = max(1.0 + beside, 1e-30);
  let isTop = label.unit >= base && !label.lost;
  let term = select(select(decay(row, label.unit, base), 0.0, label.lost), 1.0, isTop);
  let flags = sums.flags.x;
  let broken = (flags & (SOME | SAW_NAN | HAS_INFINITY)) != SOME;
  return Outcome(base, term, select(whole - term, beside, isTop), whole, log1p(beside), sums.heat.x,
    sums.pull.x, mixOf(nothing()), ownOf(row), label, flags | select(0u, HAS_NAN, broken));
}

fn turnedSums(sums: FourSums) -> FourSums {
  return FourSums(sums.base.yzwx, sums.ones.yzwx, sums.others.yzwx, sums.heat.yzwx, sums.pull.yzwx,
    sums.flags.yzwx);
}
